// Pictures with Node's own fetch, eight at a time. Usage: fetch.mjs URLS
import { readFile } from "node:fs/promises"

const urls = (await readFile(process.argv[2], "utf8")).trim().split("\n")

async function fetchInTurn() {
    while (urls.length) {
        const response = await fetch(urls.shift())
        await response.arrayBuffer()
    }
}

await Promise.all(Array.from({ length: 8 }, fetchInTurn))
