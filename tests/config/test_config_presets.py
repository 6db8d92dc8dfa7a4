"""The presets load, say what they promise, and name every key."""

import re
from pathlib import Path

import pytest

from guardware.config import Config, load_text, preset_names, preset_text
from guardware.config.checks import warnings
from guardware.config.fields import fields_of, sections
from guardware.config.presets import preset_summary
from guardware.errors import ConfigError
from guardware.verdict import Action

CONFIG = Path(__file__).parent.parent.parent / "config"


def preset(name: str) -> Config:
    return load_text(preset_text(name), f"{name}.yaml")


def test_their_names() -> None:
    assert preset_names() == ("portfolio", "monitor", "proxy", "strict")
    assert set(preset_names()) == {path.stem for path in CONFIG.glob("*.yaml")}


@pytest.mark.parametrize("name", preset_names())
def test_each_loads_and_lacks_nothing_but_a_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert warnings(preset(name)) == [
        "site.name: is empty, so the watermark names nobody; write the artist's name"
    ]


@pytest.mark.parametrize("name", preset_names())
def test_each_begins_with_what_it_is_for(name: str) -> None:
    assert re.fullmatch(r"[A-Z].{30,}\.", preset_summary(name))


def test_portfolio_is_the_default_spelled_out() -> None:
    assert preset("portfolio") == Config()


def test_portfolio_names_every_key() -> None:
    text = preset_text("portfolio")
    keys = {key for path, section in sections() for key in fields_of(section) if "match" not in path}
    assert {key for key in keys if not re.search(rf"\b{key}\b", text)} == set()


def test_the_examples_in_portfolio_work_without_their_hash() -> None:
    text = re.sub(r"^( *)# (?=(- )?[a-z_]+: |  [a-z]+: )", r"\1", preset_text("portfolio"), flags=re.MULTILINE)
    config = load_text(text, "portfolio.yaml")
    assert [rule.action for rule in config.rules] == [Action.ALLOW, Action.ALLOW, Action.PROTECT, Action.PROTECT]
    assert config.crawlers.tokens == {"CCBot": Action.DENY}
    assert str(config.site.url) == "https://example.com/"
    assert str(config.notices.tdm_policy) == "https://example.com/licence"
    assert config.clients.secret_file


def test_strict_is_stricter_in_everything() -> None:
    strict, usual = preset("strict"), Config()
    order = [Action.ALLOW, Action.PROTECT, Action.DENY]
    for name in fields_of(type(usual.crawlers)):
        attribute = name.replace("-", "_")
        if attribute not in ("tokens", "verification"):
            ours, theirs = getattr(strict.crawlers, attribute), getattr(usual.crawlers, attribute)
            assert order.index(ours) >= order.index(theirs)
    assert strict.crawlers.tool == strict.crawlers.user_fetch == strict.crawlers.archive == Action.DENY
    assert strict.thresholds.protect < usual.thresholds.protect
    assert strict.thresholds.deny < usual.thresholds.deny
    assert strict.budgets.per_hour < usual.budgets.per_hour
    assert strict.thresholds.suspect < usual.thresholds.suspect
    assert (usual.images.verdicts.everyone, strict.images.verdicts.everyone) == ("original", "veiled")
    assert [step.name for step in strict.images.variants["veiled"]] == ["resize", "veil", "trace", "metadata"]
    for name in ("veiled-marked", "marked", "marked-traced"):
        ours, theirs = (config.images.variants[name][0].resize for config in (strict, usual))
        assert ours is not None
        assert theirs is not None
        assert ours.max_side < theirs.max_side
    for whose in ("client", "network"):
        for kind in ("page", "image", "feed", "api"):
            ours, theirs = (
                getattr(getattr(strict.limits, whose), kind),
                getattr(getattr(usual.limits, whose), kind),
            )
            assert ours.rate < theirs.rate
            assert ours.burst < theirs.burst


def test_proxy_trusts_only_its_own_machine_and_takes_redis_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    config = preset("proxy")
    assert [str(proxy) for proxy in config.clients.trusted_proxies] == ["127.0.0.1/32", "::1/128", "unix"]
    assert config.store.url == "redis://127.0.0.1:6379/0"
    monkeypatch.setenv("REDIS_URL", "rediss://:s3cret@redis/1")
    assert preset("proxy").store.url == "rediss://:s3cret@redis/1"


def test_monitor_only_watches() -> None:
    assert preset("monitor").mode == "monitor"


def test_a_preset_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"^strickt: preset: there is none of that name; did you mean strict\?"):
        preset_text("strickt")
    with pytest.raises(ConfigError, match="take one of portfolio, monitor, proxy, strict"):
        preset_text("../../etc/passwd")
