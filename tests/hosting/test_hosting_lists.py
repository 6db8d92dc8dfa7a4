"""Files of networks: what is read, and what is said of what cannot be."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardware.hosting.lists import read_networks


def read(folder: Path, text: str | bytes, name: str = "cloud.txt") -> tuple[dict[str, str], list[str]]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = read_networks(path)
    return {str(network): owner for network, owner in found.entries}, [
        fault.replace(str(folder), "") for fault in found.faults
    ]


@pytest.mark.parametrize(
    ("line", "network", "owner"),
    [
        ("192.0.2.0/24", "192.0.2.0/24", "cloud"),  # the file's name stands for the owner
        ("  192.0.2.0/24  # a comment", "192.0.2.0/24", "cloud"),
        ("192.0.2.7", "192.0.2.7/32", "cloud"),
        ("192.0.2.0/24 Example Hosting", "192.0.2.0/24", "Example Hosting"),
        ("192.0.2.0/24,Example  Hosting", "192.0.2.0/24", "Example Hosting"),
        ('192.0.2.0/24;"Example"\r', "192.0.2.0/24", "Example"),
        ("2001:db8::/32\tExample", "2001:db8::/32", "Example"),
        ("192.0.2.0/24 " + "x" * 100, "192.0.2.0/24", "x" * 60 + "…"),
        ("192.0.2.0/24 M\x1b[31m", "192.0.2.0/24", "M\\x1b[31m"),
        ("\ufeff192.0.2.0/24", "192.0.2.0/24", "cloud"),
    ],
)
def test_a_line_is_a_network_and_perhaps_its_owner(tmp_path: Path, line: str, network: str, owner: str) -> None:
    assert read(tmp_path, f"{line}\n# nothing\n\n") == ({network: owner}, [])


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("10.0.0.0/7", "10.0.0.0/7 is more than any company holds; write the networks in it, /8 at the shortest"),
        ("0.0.0.0/0", "0.0.0.0/0 is more than any company holds; write the networks in it, /8 at the shortest"),
        ("2000::/3", "2000::/3 is more than any company holds; write the networks in it, /19 at the shortest"),
        (
            "192.0.2.9/24",
            "'192.0.2.9/24' is an address within a network, not a network; "
            "write 192.0.2.0/24, or 192.0.2.9 for the one address",
        ),
        (
            "example.com",
            "'example.com' is not an address; write an address or a network, as in 10.0.0.0/8",
        ),
        (
            "10.0.0.0/33",
            "'10.0.0.0/33' is not an address; write an address or a network, as in 10.0.0.0/8",
        ),
    ],
)
def test_what_is_no_network_is_named_with_its_line(tmp_path: Path, line: str, fault: str) -> None:
    entries, faults = read(tmp_path, f"192.0.2.0/24\n{line}\n")
    assert (entries, faults) == ({"192.0.2.0/24": "cloud"}, [f"/cloud.txt:2: {fault}"])


def test_many_faults_are_cut_short(tmp_path: Path) -> None:
    _, faults = read(tmp_path, "nonsense\n" * 1000)
    assert len(faults) == 21
    assert faults[-1] == "/cloud.txt: and more; is it a list of networks?"


AMAZON = {
    "syncToken": "1795300000",
    "createDate": "2026-11-22-00-00-00",
    "prefixes": [{"ip_prefix": "3.4.12.4/32", "region": "eu-west-1", "service": "AMAZON"}],
    "ipv6_prefixes": [{"ipv6_prefix": "2600:1f14::/35", "region": "us-west-2", "service": "EC2"}],
}
GOOGLE = {
    "syncToken": "1795300000",
    "creationTime": "2026-11-22T00:00:00",
    "prefixes": [{"ipv4Prefix": "34.1.208.0/20", "scope": "africa-south1"}, {"ipv6Prefix": "2600:1900:8000::/44"}],
}


@pytest.mark.parametrize(
    ("data", "entries"),
    [
        (AMAZON, {"3.4.12.4/32": "Amazon", "2600:1f14::/35": "Amazon"}),
        (GOOGLE, {"34.1.208.0/20": "Google Cloud", "2600:1900:8000::/44": "Google Cloud"}),
    ],
)
def test_the_clouds_own_files_are_read(tmp_path: Path, data: object, entries: dict[str, str]) -> None:
    assert read(tmp_path, json.dumps(data), "x.json") == (entries, [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"prefixes": [{"ip_prefix": "1.2.3.0/', "/x.json: is no JSON (Unterminated string"),
        ("[" * 100_000, "/x.json: is no list of networks but nested without end; download it again"),
        ("{}", "/x.json: is JSON of a shape that is not known; write one network a line, or give Amazon's"),
        ('{"prefixes": {"ip_prefix": "1.2.3.0/24"}}', "/x.json: is JSON of a shape that is not known"),
        ('{"prefixes": [1, null, {"ipv4Prefix": 5}]}', "/x.json: is JSON of a shape that is not known"),
        ('["1.2.3.0/24"]', "/x.json: is JSON of a shape that is not known"),
        (
            '{"prefixes": [{"ipv4Prefix": "0.0.0.0/0"}]}',
            "/x.json: prefixes[0]: 0.0.0.0/0 is more than any company",
        ),
    ],
)
def test_other_json_is_refused_with_the_place(tmp_path: Path, text: str, fault: str) -> None:
    entries, faults = read(tmp_path, text, "x.json")
    assert entries == {}
    assert [line.startswith(fault) for line in faults] == [True], faults


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    read_ = read_networks(tmp_path / "none.txt")
    assert read_.faults == [
        f"{tmp_path}/none.txt: No such file or directory; create it, or take it out of the list"
    ]


def test_of_a_file_in_the_present_folder_it_says_where_that_is() -> None:
    (fault,) = read_networks(Path("none.txt")).faults
    assert fault.startswith(f"none.txt: No such file or directory (looked for at {Path.cwd()}/none.txt); ")


def test_a_folder_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    assert "Is a directory" in read_networks(tmp_path).faults[0]
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(300 * 1024 * 1024)  # a hole: no bytes are written
    assert read_networks(tmp_path / "huge").faults == [
        f"{tmp_path}/huge: is larger than 256 MiB; name a list of networks"
    ]


@given(st.binary(max_size=200) | st.text(st.sampled_from('{}[]":,/.0123456789abcdefix_pr# \n')).map(str.encode))
@example(b"\xff\xfe1\x00.\x002\x00")
@example(b'{"prefixes": [{"ip_prefix": "' + b"9" * 5000 + b'"}]}')
@example(b'{"prefixes": [{"ip_prefix": ' + b"9" * 5000 + b"}]}")
def test_any_bytes_give_networks_or_faults(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(data)
    found = read_networks(path)
    assert all("\n" not in fault and len(fault) < 500 for fault in found.faults)
