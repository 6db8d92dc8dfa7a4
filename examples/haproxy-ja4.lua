-- The first two parts of the TLS fingerprint JA4, e.g. t13d1516h2_8daaf6152771, as the sample lua.guardware_ja4.
--
-- By the description of JA4 (github.com/FoxIO-LLC/ja4, technical_details/JA4.md; BSD 3-Clause). Two of its signs
-- stand for what was agreed and not for what was offered, which HAProxy 2.6 does not tell: the version of TLS and
-- the protocol. They are the same for every client that is not newer than this HAProxy, as long as the bind line
-- offers h2. The third part changes with every release of a browser, and guardware does not use it.

local VERSIONS = { ["TLSv1.3"] = "13", ["TLSv1.2"] = "12", ["TLSv1.1"] = "11", ["TLSv1"] = "10" }
local WITHOUT_GREASE = 1

local function codes(list)
    local found = {}
    for pair in (list or ""):gmatch("..") do
        found[#found + 1] = string.format("%02x%02x", pair:byte(1, 2))
    end
    return found
end

local function count(list)
    return string.format("%02d", math.min(#list, 99))
end

core.register_fetches("guardware_ja4", function(txn)
    local ciphers = codes(txn.f:ssl_fc_cipherlist_bin(WITHOUT_GREASE))
    local version = VERSIONS[txn.f:ssl_fc_protocol() or ""]
    if #ciphers == 0 or version == nil then
        return ""
    end
    local extensions = codes(txn.f:ssl_fc_extlist_bin(WITHOUT_GREASE))
    local name = txn.f:ssl_fc_has_sni() == 1 and "d" or "i"
    local protocol = txn.f:ssl_fc_alpn() or ""
    local signs = protocol == "" and "00" or protocol:sub(1, 1) .. protocol:sub(-1)
    table.sort(ciphers)
    local hash = txn.c:hex(txn.c:sha2(table.concat(ciphers, ","), 256)):lower()
    return "t" .. version .. name .. count(ciphers) .. count(extensions) .. signs .. "_" .. hash:sub(1, 12)
end)
