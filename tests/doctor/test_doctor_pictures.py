"""What the doctor finds in a page, and which other ways of asking it tries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.doctor.pictures import pictures_in
from guardware.doctor.tricks import tricks

PAGE = "https://ada.example/work/index.html"


@pytest.mark.parametrize(
    ("html", "here"),
    [
        ('<img src="a.jpg">', ["https://ada.example/work/a.jpg"]),
        ('<IMG SRC=/a.jpg#top alt="x>">', ["https://ada.example/a.jpg"]),
        ('<img srcset="a.jpg 1x, /b.jpg 2x">', ["https://ada.example/work/a.jpg", "https://ada.example/b.jpg"]),
        ('<picture><source srcset="a.avif"></picture>', ["https://ada.example/work/a.avif"]),
        ('<meta property="og:image" content="/og.png">', ["https://ada.example/og.png"]),
        ('<a href="big.JPG">', ["https://ada.example/work/big.JPG"]),
        ('<a href="about.html">', []),
        ('<base href="/other/"><img src="a.jpg">', ["https://ada.example/other/a.jpg"]),
        ('<img src="a.jpg"><img src="a.jpg">', ["https://ada.example/work/a.jpg"]),
        ('<img src="data:image/png;base64,AAAA">', []),
        ('<img src="javascript:alert(1)">', []),
        ('<img src="http://[::1">', []),
        ('<img src="&#47;a.jpg?x=1&amp;y=2">', ["https://ada.example/a.jpg?x=1&y=2"]),
        ("<img>", []),
        ('<img src="my art.jpg">', ["https://ada.example/work/my%20art.jpg"]),
        ('<img src="schön%20.jpg">', ["https://ada.example/work/sch%C3%B6n%20.jpg"]),
    ],
)
def test_pictures_of_the_site(html: str, here: list[str]) -> None:
    assert list(pictures_in(html, PAGE).here) == here


def test_pictures_of_other_hosts_are_apart() -> None:
    found = pictures_in('<img src="https://bucket.example/a.jpg"><img src="b.jpg">', PAGE)
    assert found.elsewhere == ("https://bucket.example/a.jpg",)
    assert found.here == ("https://ada.example/work/b.jpg",)


@given(st.text())
def test_any_text_can_be_read(html: str) -> None:
    found = pictures_in(html + f'<img src="{html}">', PAGE)
    assert all(url.startswith(("http://", "https://")) for url in (*found.here, *found.elsewhere))


def test_tricks_keep_to_the_site_and_change_the_request() -> None:
    made = tricks("https://ada.example/work/a.jpg?v=2")
    assert all(trick.url.startswith("https://ada.example/") for trick in made)
    assert len({(trick.url, trick.method, tuple(trick.headers.items())) for trick in made}) == len(made) == 10
    by_name = {trick.name: trick.url for trick in made}
    assert by_name["a double slash"] == "https://ada.example/work//a.jpg?v=2"
    assert by_name["an encoded letter"] == "https://ada.example/work/%61.jpg?v=2"
    assert by_name["a query"] == "https://ada.example/work/a.jpg?v=2&.css"
