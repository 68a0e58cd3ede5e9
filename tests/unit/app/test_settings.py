import stat

import pytest

from lib.settings import PROJECT, Settings, SettingsError, load

SECRET = "k" * 40
REAL = {
    "cookie_key": SECRET,
    "zuora_url": "https://rest.ap.zuora.com",
    "sbc_url": "https://sbc1.example.com:5080",
    "sbc_token": "t" * 24,
    "mail_host": "mail.example.com",
    "zuora_client_id": "c" * 36,
    "zuora_client_secret": "s",
}


@pytest.fixture(autouse=True)
def _no_outside(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"AM_{name.upper()}", raising=False)


def test_the_demo_makes_its_secrets_once_and_keeps_them_to_its_owner(tmp_path):
    first = load(data_dir=tmp_path / "var")
    again = load(data_dir=tmp_path / "var")
    assert len(first.cookie_key.get_secret_value()) >= 32
    assert len(first.zuora_client_id) == 36
    assert first.cookie_key == again.cookie_key
    assert first.zuora_client_secret == again.zuora_client_secret
    (kept,) = (tmp_path / "var").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_two_demos_have_different_secrets(tmp_path):
    assert load(data_dir=tmp_path / "a").cookie_key != load(data_dir=tmp_path / "b").cookie_key


def test_the_demo_serves_this_machine_only(tmp_path):
    with pytest.raises(SettingsError, match="AM_ADDRESS"):
        load(data_dir=tmp_path, address="0.0.0.0")


@pytest.mark.parametrize("env", ["staging", "production"])
@pytest.mark.parametrize("missing", list(REAL))
def test_outside_the_demo_a_missing_secret_refuses_the_start_and_is_named(env, missing, tmp_path):
    with pytest.raises(SettingsError, match=f"AM_{missing.upper()}"):
        load(env=env, data_dir=tmp_path, **{**REAL, missing: ""})


def test_a_short_cookie_key_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="AM_COOKIE_KEY"):
        load(env="staging", data_dir=tmp_path, **{**REAL, "cookie_key": "short"})


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000", "https://localhost:9000", "http://rest.zuora.com"])
def test_production_never_talks_to_a_stand_in(url, tmp_path):
    with pytest.raises(SettingsError, match="AM_ZUORA_URL"):
        load(env="production", data_dir=tmp_path, **{**REAL, "zuora_url": url})


def test_production_starts_with_real_values(tmp_path):
    assert load(env="production", data_dir=tmp_path, **REAL).zuora_url == REAL["zuora_url"]
    assert list(tmp_path.iterdir()) == []


def test_settings_come_from_the_environment_and_dot_env(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("AM_PORT=9001\nAM_TIME_ZONE=Australia/Perth\n")
    monkeypatch.setenv("AM_PORT", "9002")
    settings = load(data_dir=tmp_path)
    assert (settings.port, settings.time_zone) == (9002, "Australia/Perth")


def test_secrets_do_not_show_in_the_text_of_the_settings(tmp_path):
    assert SECRET not in repr(Settings(data_dir=tmp_path, cookie_key=SECRET))


def test_every_setting_is_documented():
    text = (PROJECT / "docs" / "settings.md").read_text()
    missing = [name for name in Settings.model_fields if f"`AM_{name.upper()}`" not in text]
    assert not missing, f"docs/settings.md does not name {missing}"


@pytest.mark.parametrize(
    ("name", "value"), [("log_level", "LOUD"), ("time_zone", "Atlantis/Nowhere"), ("port", 0), ("plan_minutes", -1)]
)
def test_a_malformed_value_is_named_in_one_line(name, value, tmp_path):
    with pytest.raises(SettingsError, match=f"AM_{name.upper()}") as refused:
        load(data_dir=tmp_path, **{name: value})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("zuora_entity_id", " 2c92a0f9-86a8 ", "2c92a0f9-86a8"),
        ("zuora_org_ids", "a1, b2 ,a1", "a1,b2"),
        ("zuora_org_ids", " ", ""),
    ],
)
def test_ids_of_the_tenant_lose_spaces(name, given, kept):
    assert getattr(Settings(_env_file=None, **{name: given}), name) == kept


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("zuora_entity_id", "a,b"),
        ("zuora_entity_id", "a\r\nX-Evil: 1"),
        ("zuora_entity_id", "x" * 65),
        ("zuora_org_ids", "a,,b"),
        ("zuora_org_ids", "a;b"),
        ("zuora_org_ids", "a\nb"),
    ],
)
def test_an_invalid_tenant_id_is_refused_by_name(name, given):
    with pytest.raises(SettingsError, match=f"AM_{name.upper()}"):
        load(_env_file=None, **{name: given})
