"""Whose servers stand at an address: by the owner's lists, and by a database of autonomous systems."""

import builtins
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmdb_writer import mmdb

from guardware.config.clients import Networks
from guardware.errors import ConfigError, MissingExtraError
from guardware.hosting import HostingNetworks
from guardware.hosting.asn_database import AsnDatabase
from guardware.hosting.asns import HOSTING_ASNS

GEOLITE: dict[str, Any] = {
    "3.0.0.0/9": {"autonomous_system_number": 16509, "autonomous_system_organization": "AMAZON-02"},
    "91.0.0.0/10": {"autonomous_system_number": 3320, "autonomous_system_organization": "Deutsche Telekom AG"},
    "5.6.7.0/24": {"autonomous_system_number": 64500},
    "2600:1f00::/24": {"autonomous_system_number": 16509, "autonomous_system_organization": "AMAZON-02"},
}
IPINFO: dict[str, Any] = {"3.0.0.0/9": {"asn": "AS16509", "name": "Amazon.com, Inc."}, "9.0.0.0/8": {"asn": ""}}


def loaded(folder: Path, records: dict[str, Any] | None = None, text: str = "", **more: Any) -> HostingNetworks:
    values = dict(more)
    if records is not None:
        (folder / "asn.mmdb").write_bytes(mmdb(records))
        values["asn_database"] = str(folder / "asn.mmdb")
    if text:
        (folder / "mine.txt").write_text(text)
        values["hosting"] = (str(folder / "mine.txt"),)
    return HostingNetworks.load(Networks(**values))


def test_nothing_configured_knows_nobody() -> None:
    networks = HostingNetworks.load(Networks())
    assert not networks
    assert networks.owner("3.4.5.6") is None


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("3.4.5.6", "AS16509 AMAZON-02"),
        ("2600:1f14::1", "AS16509 AMAZON-02"),
        ("91.1.2.3", None),  # where people live
        ("5.6.7.8", None),
        ("8.8.8.8", None),
        ("", None),
        ("unknown", None),
    ],
)
def test_by_the_database(tmp_path: Path, address: str, owner: str | None) -> None:
    networks = loaded(tmp_path, GEOLITE)
    assert [networks.owner(address), networks.owner(address)] == [owner, owner]  # found, and remembered


def test_numbers_of_the_owner_count_too(tmp_path: Path) -> None:
    assert loaded(tmp_path, GEOLITE, hosting_asns=(64500,)).owner("5.6.7.8") == "AS64500"


def test_the_other_vendors_fields_are_read(tmp_path: Path) -> None:
    networks = loaded(tmp_path, IPINFO)
    assert networks.owner("3.4.5.6") == "AS16509 Amazon.com, Inc."
    assert networks.owner("9.9.9.9") is None


def test_a_list_goes_before_the_database(tmp_path: Path) -> None:
    networks = loaded(tmp_path, GEOLITE, text="3.4.0.0/16 Annoying Cloud\n")
    assert networks.owner("3.4.5.6") == "Annoying Cloud"
    assert networks.owner("3.5.5.6") == "AS16509 AMAZON-02"


def test_no_address_is_kept(tmp_path: Path) -> None:
    networks = loaded(tmp_path, text="3.4.0.0/16 Cloud\n")
    networks.owner("3.4.5.6")
    assert "3.4.5.6" not in repr(networks._known._young)


def test_a_flood_of_addresses_does_not_grow_it(tmp_path: Path) -> None:
    networks = loaded(tmp_path, text="3.4.0.0/16 Cloud\n")
    for number in range(40_000):
        networks.owner(f"3.{number >> 8 & 255}.{number & 255}.1")
    assert len(networks._known) <= 16_384


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("0.0.0.0/0\n1.2.3.4/8\n")
    (tmp_path / "bad.mmdb").write_bytes(b"nonsense")
    config = Networks(
        hosting=(str(tmp_path / "bad.txt"), str(tmp_path / "none.txt")), asn_database=str(tmp_path / "bad.mmdb")
    )
    with pytest.raises(ConfigError) as error:
        HostingNetworks.load(config)
    starts = ["bad.txt:1: 0.0.0.0/0", "bad.txt:2: '1.2.3.4/8'", "none.txt: No such file", "bad.mmdb: is damaged"]
    assert [start in fault for start, fault in zip(starts, error.value.faults, strict=True)] == [True] * 4


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "No such file or directory"),
        (b"", "is damaged, or no such database"),
        (b"\xab\xcd\xefMaxMind.com", "is damaged, or no such database"),
        (
            mmdb({"1.0.0.0/8": {"country": {"iso_code": "DE"}}}, kind="GeoLite2-Country"),
            "names no autonomous systems",
        ),
        (mmdb({"1.0.0.0/8": "text"}), "names no autonomous systems"),
        (mmdb(GEOLITE)[:300] + mmdb(GEOLITE)[-250:], "is damaged, or no such database"),
    ],
)
def test_what_is_no_asn_database_is_refused_with_a_mend(tmp_path: Path, content: bytes | None, fault: str) -> None:
    path = tmp_path / "x.mmdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        AsnDatabase(path)
    assert error.value.faults[0].startswith(f"clients.networks.asn_database: {path}: ")
    assert fault in error.value.faults[0]
    assert "download a database of autonomous systems" in error.value.faults[0]


def test_a_database_of_ipv4_knows_no_ipv6(tmp_path: Path) -> None:
    (tmp_path / "four.mmdb").write_bytes(mmdb({"3.0.0.0/9": GEOLITE["3.0.0.0/9"]}, version=4))
    database = AsnDatabase(tmp_path / "four.mmdb")
    assert database.find("3.4.5.6") == (16509, "AMAZON-02")
    assert database.find("2600:1f14::1") is None


_SOUND = mmdb(GEOLITE)


@given(st.integers(0, len(_SOUND) - 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_database_never_fails_a_visit(
    tmp_path_factory: pytest.TempPathFactory, place: int, damage: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.mmdb"
    path.write_bytes(_SOUND[:place] + damage + _SOUND[place + len(damage) :])
    try:
        database = AsnDatabase(path)
    except ConfigError:
        return  # said at start, which is all that can be asked
    for address in ("3.4.5.6", "91.1.2.3", "2600:1f14::1", "nonsense"):
        found = database.find(address)
        assert found is None or found.number >= 0


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "maxminddb":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"pip install 'guardware\[mmdb\]'"):
        loaded(tmp_path, GEOLITE)


def test_people_are_not_in_the_table() -> None:
    """Private Relay, WARP, Google's VPN and offices' gateways: the reason stands in asns.py."""
    assert not HOSTING_ASNS.keys() & {13335, 209242, 20940, 36183, 54113, 15169, 22616, 53813, 62044}
    assert all(0 < number < 1 << 32 and name for number, name in HOSTING_ASNS.items())
