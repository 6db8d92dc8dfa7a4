"""Ways to ask for /art/1.jpg that a server behind the guard might read otherwise than the guard does.

PATHS holds raw request targets, as ``curl --path-as-is`` sends them, for a gallery with a picture at /art/1.jpg.
A test asks for each one as a client whose verdict is not allow and looks at the body: whatever the status, it must
not hold the original. Most come from advisories on proxies and on what stands behind them.
"""

PICTURE = "/art/1.jpg"
"""The one picture that every trick is after."""

_DOTS = (
    "/.well-known/../art/1.jpg",  # Anubis' ALLOW for ^/\.well-known/.*$
    "/.well-known/acme-challenge/../../art/1.jpg",
    "/.guardware/../art/1.jpg",
    "/.guardware/health/../../art/1.jpg",
    "/robots.txt/../art/1.jpg",
    "/./art/1.jpg",
    "/art/./1.jpg",
    "/art/../art/1.jpg",
    "/art/x/../1.jpg",
    "/../art/1.jpg",
    "/../../../art/1.jpg",
    "/art/1.jpg/.",
    "/art/1.jpg/..",
    "/art/1.jpg/../1.jpg",
    "/art/.../1.jpg",
)

_ENCODED = (
    "/%61rt/1.jpg",
    "/art/1%2ejpg",
    "/art/%31.jpg",
    "/art/1.%6a%70%67",
    "/art/1.%4A%50%47",
    "/art%2f1.jpg",
    "/art%2F1.jpg",
    "/art%5c1.jpg",
    "/%2fart/1.jpg",
    "/.well-known/%2e%2e/art/1.jpg",
    "/.well-known/%2E%2E/art/1.jpg",
    "/.well-known/.%2e/art/1.jpg",
    "/.well-known/%2e./art/1.jpg",
    "/.well-known/..%2fart/1.jpg",
    "/.well-known%2f..%2fart%2f1.jpg",
    "/.guardware/%2e%2e/art/1.jpg",
    "/%252e%252e/art/1.jpg",
    "/art/%2531.jpg",
    "/art%252f1.jpg",
    "/.well-known/%252e%252e/art/1.jpg",
    "/%c0%aeart/1.jpg",
    "/.well-known/%c0%ae%c0%ae/art/1.jpg",
    "/.well-known/%c0%ae%c0%ae%c0%afart/1.jpg",
    "/%uff0e%uff0e/art/1.jpg",
    "/art/%u0031.jpg",
    "/art/1.jpg%",
    "/art/1.jpg%2",
    "/art/1.jpg%zz",
)

_SLASHES = (
    "//art/1.jpg",
    "///art///1.jpg",
    "/art//1.jpg",
    "//art//1.jpg",
    "/art/1.jpg/",
    "/art/1.jpg//",
    "/art\\1.jpg",
    "\\art\\1.jpg",
    "/.well-known\\..\\art\\1.jpg",
    "/.well-known/..\\art/1.jpg",
)

_ENDS = (
    "/art/1.jpg.",
    "/art/1.jpg%2e",
    "/art/1.jpg%20",
    "/art/1.jpg+",
    "/art/1.jpg%00",
    "/art/1.jpg%00.css",
    "/art/1.jpg%00.html",
    "/art/1.jpg%0a",
    "/art/1.jpg%0d%0aX-Guardware-Action:%20allow",
    "/art/1.jpg%09",
    "/art/1.jpg%7f",
    "/art/1.jpg::$DATA",
    "/art/1.jpg%3a%3a$DATA",
    "/art/1.jpg~",
    "/art/1.jpg;jsessionid=1",
    "/art;x=1/1.jpg",
    "/;/art/1.jpg",
    "/.well-known/..;/art/1.jpg",
    "/art/1.jpg;.css",
    "/art/1.jpg%3b.css",
    "/art/1.jpg%3f.css",
    "/art/1.jpg%23.css",
    "/art/1.jpg,",
)

_EXTENSIONS = (
    "/art/1.jpg/x.css",
    "/art/1.jpg/x.html",
    "/art/1.jpg/index.php",
    "/art/1.jpg/robots.txt",
    "/art/1.jpg/favicon.ico",
    "/art/1.jpg?.ico",
    "/art/1.jpg?x.css",
    "/art/1.jpg?/.well-known/acme-challenge/x",
    "/art/1.jpg?/../robots.txt",
    "/art/1.jpg?",
    "/art/1.jpg??",
    "/art/1.jpg?a;b",
    "/art/1.jpg?a=%00",
    "/art/1.jpg?download=1",
    "/art/1.JPG",
    "/ART/1.jpg",
    "/Art/1.Jpg",
    "/art/1.jpg#x",
    "/art/1.jpg#.css",
    "/art/1.jpg?#",
)

_TARGETS = (
    "http://127.0.0.1/art/1.jpg",
    "http://user@127.0.0.1/art/1.jpg",
    "http://user:word@127.0.0.1/art/1.jpg",
    "http://elsewhere.test/art/1.jpg",
    "HTTP://127.0.0.1/art/1.jpg",
    "https://127.0.0.1/art/1.jpg",
    "http:/art/1.jpg",
    "http:art/1.jpg",
    "file:///art/1.jpg",
    "art/1.jpg",
    "./art/1.jpg",
    "../art/1.jpg",
    "?/art/1.jpg",
    "*",
    "127.0.0.1:80",
)

_OWN = (
    "/.guardware/image/art/1.jpg",
    "/.guardware/image/x",
    "/.guardware/image/",
    "/.guardware/image/../../art/1.jpg",
    "/.guardware/image/%2e%2e/%2e%2e/art/1.jpg",
    "/.guardware/auth/art/1.jpg",
    "/.guardware/auth",
    "/.guardware/answer/x",
    "/.guardware/originals/art/1.jpg",
    "/.guardware//image/art/1.jpg",
    "//.guardware/image/art/1.jpg",
    "/.GUARDWARE/image/art/1.jpg",
    "/%2eguardware/image/art/1.jpg",
)

PATHS: tuple[str, ...] = (PICTURE, *_DOTS, *_ENCODED, *_SLASHES, *_ENDS, *_EXTENSIONS, *_TARGETS, *_OWN)
"""Raw request targets, printable ASCII without spaces, so that any HTTP client can be made to send them."""
