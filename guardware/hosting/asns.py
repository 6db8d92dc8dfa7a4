"""Autonomous systems of well-known hosting companies, by number.

From the regional registries' names (bgp.he.net and ipinfo.io show them), read on 2026-11-22: companies that rent
out servers by the hour or month. Left out on purpose, because people come from there: Cloudflare (13335, 209242),
Akamai (20940, 36183) and Fastly (54113), which carry Apple's Private Relay and Cloudflare's WARP; Google's own
15169, which carries its VPN; Zscaler (22616, 53813, 62044) and other gateways of offices; all access providers.
Some that are listed also house exits of VPN services (M247, Datacamp): a reason why the signal weighs no more
than 1.
"""

from collections.abc import Mapping

HOSTING_ASNS: Mapping[int, str] = {
    14618: "Amazon",  # AMAZON-AES, us-east-1
    16509: "Amazon",  # AMAZON-02
    8987: "Amazon",  # AMAZON EXPANSION
    8075: "Microsoft",  # MICROSOFT-CORP-MSN-AS-BLOCK, which is Azure
    8068: "Microsoft",
    396982: "Google Cloud",
    31898: "Oracle Cloud",
    36351: "IBM Cloud",  # SoftLayer
    37963: "Alibaba Cloud",
    45102: "Alibaba Cloud",
    45090: "Tencent Cloud",
    132203: "Tencent Cloud",
    55990: "Huawei Cloud",
    136907: "Huawei Cloud",
    138699: "TikTok",  # ByteDance's cloud in Singapore
    396986: "ByteDance",
    14061: "DigitalOcean",
    62567: "DigitalOcean",
    63949: "Linode",  # Akamai Connected Cloud
    20473: "Vultr",  # AS-CHOOPA
    16276: "OVH",
    24940: "Hetzner",
    212317: "Hetzner",
    213230: "Hetzner",
    12876: "Scaleway",  # Online S.A.S.
    51167: "Contabo",
    40021: "Contabo",
    141995: "Contabo",
    197540: "netcup",
    8560: "IONOS",
    51862: "IONOS",
    61157: "PlusServer",
    28753: "Leaseweb",
    30633: "Leaseweb",
    59253: "Leaseweb",
    60781: "Leaseweb",
    395954: "Leaseweb",
    396362: "Leaseweb",
    9009: "M247",
    60068: "Datacamp",
    212238: "Datacamp",
    47583: "Hostinger",
    26496: "GoDaddy",
    46606: "Newfold Digital",  # Bluehost, HostGator
    22612: "Namecheap",
    46562: "Performive",
    8100: "QuadraNet",
    36352: "ColoCrossing",
    55286: "ServerMania",
    40676: "Psychz Networks",
    62904: "Eonix",
    396356: "Latitude.sh",
    54825: "Equinix Metal",  # Packet
    29802: "HIVELOCITY",
    32475: "SingleHop",
    53667: "FranTech Solutions",  # BuyVM
    19318: "Interserver",
    35916: "MULTACOM",
    25820: "IT7 Networks",
    49981: "WorldStream",
    49453: "Global Layer",
    50673: "Serverius",
    202053: "UpCloud",
    61317: "Hivelocity Europe",
    42831: "UK Dedicated Servers",
    20860: "iomart",
    39351: "31173 Services",
    9123: "Timeweb",
    49505: "Selectel",
    29182: "JSC IOT",  # ISPsystem
    200350: "Yandex Cloud",
    7684: "SAKURA Internet",
    9370: "SAKURA Internet",
    9371: "SAKURA Internet",
}
