"""Exports from other folders, web servers and buckets: what is new lands once, and trouble is told in a sentence."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import pytest

from cx import doctor
from cx.__main__ import main
from cx.errors import BadReference, InboxMissing
from cx.folders import Folders
from cx.ingest import elsewhere, remote, scan, watch
from cx.ingest.remote import Source, fetch, sources
from cx.store import Store
from tests.conftest import ROW, even, write_csv

SECRET = "s3cr3t"


class Host(ThreadingHTTPServer):
    """A web server, and an S3 service as far as reading goes. Paths that begin with /private/ ask for a password."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files: dict[str, bytes] = {}
        self.marked = True
        self.shortened = 0
        self.sent: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    server: Host

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        if asked.path.startswith("/private") and SECRET not in self.headers.get("Authorization", ""):
            self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        elif "list-type" in query:
            self._list(asked.path.strip("/"), query)
        elif asked.path not in self.server.files:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._file(asked.path)

    def _file(self, path: str) -> None:
        content = self.server.files[path]
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        if self.headers["If-None-Match"] == etag:
            return self._answer(304, b"")
        if self.command == "GET":
            self.server.sent.append(path)
        if part := self.headers["Range"]:
            first, last = (int(end) for end in part.removeprefix("bytes=").split("-"))
            span = {"Content-Range": f"bytes {first}-{min(last, len(content) - 1)}/{len(content)}"}
            return self._answer(206, content[first : last + 1], span)
        return self._answer(200, content, {"ETag": etag} if self.server.marked else {})

    def _list(self, bucket: str, query: dict[str, str]) -> None:
        keys = [
            path.removeprefix(f"/{bucket}/") for path in self.server.files if path.startswith(f"/{bucket}/")
        ]
        if not keys:
            return self._answer(404, b"<Error><Code>NoSuchBucket</Code></Error>")
        prefix, folders, listed = query.get("prefix", ""), set(), ""
        for key in (key for key in keys if key.startswith(prefix)):
            rest = key.removeprefix(prefix)
            if query.get("delimiter") and "/" in rest:
                folders.add(prefix + rest.split("/")[0] + "/")
            else:
                size = len(self.server.files[f"/{bucket}/{key}"])
                listed += (
                    f"<Contents><Key>{escape(key)}</Key><LastModified>2026-03-02T10:00:00.000Z</LastModified>"
                    f"<Size>{size}</Size></Contents>"
                )
        listed += "".join(
            f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in folders
        )
        body = f'<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>'
        return self._answer(200, body.encode(), {"Content-Type": "application/xml"})

    def _answer(self, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        about = {"Content-Length": str(len(body)), "Last-Modified": formatdate(0, usegmt=True)}
        for name, value in {**about, **(headers or {})}.items():
            if self.server.marked or name != "Last-Modified":
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) - self.server.shortened])


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A host on this machine; to whoever asks for a bucket, it is the one that the environment names."""
    served = Host()
    threading.Thread(target=served.serve_forever, args=(0.05,), daemon=True).start()
    environment = {
        "AWS_ENDPOINT_URL": served.url, "AWS_ACCESS_KEY_ID": SECRET, "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    yield served
    served.shutdown()
    served.server_close()


def export(*ids: int) -> bytes:
    written = io.StringIO()
    rows = csv.DictWriter(written, ROW)
    rows.writeheader()
    rows.writerows(ROW | {"interaction_id": str(number)} for number in ids)
    return written.getvalue().encode()


def landed(folders: Folders, source: Source) -> list[str]:
    """The names of what lands now, all well."""
    fetched = fetch(folders, source)
    assert fetched.trouble == ""
    assert all(path.parent == folders.inbox for path in fetched.landed)
    return [path.name for path in fetched.landed]


@pytest.mark.parametrize("marked", [True, False], ids=["with an etag", "without any mark"])
def test_a_file_on_a_web_server_lands_whenever_it_is_another(
    folders: Folders, host: Host, marked: bool
) -> None:
    host.marked = marked
    host.files["/out/day.csv"] = export(1)
    source = Source("shop", f"{host.url}/out/day.csv")
    assert landed(folders, source) == ["day.csv"]
    assert (folders.inbox / "day.csv").read_bytes() == export(1)
    assert landed(folders, source) == []
    assert len(host.sent) == (1 if marked else 2)
    host.files["/out/day.csv"] = export(1, 2)
    assert landed(folders, source) == ["day (2).csv"]
    assert sorted(path.name for path in folders.inbox.iterdir()) == ["day (2).csv", "day.csv"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("s3://shop/out/*.csv", ["a.csv", "b.csv"]),
        ("s3://shop/out/?.csv", ["a.csv", "b.csv"]),
        ("s3://shop/out/", ["a.csv", "b.csv", "c.parquet"]),
        ("s3://shop/out/2026-*/*.csv", ["d.csv"]),
        ("s3://shop/*/*/*", ["d.csv"]),
        ("s3://shop/out/b.csv", ["b.csv"]),
    ],
)
def test_what_a_bucket_holds_lands_once(
    folders: Folders, host: Host, pattern: str, expected: list[str]
) -> None:
    for place, name in enumerate(
        ("a.csv", "b.csv", "c.parquet", "2026-03/d.csv", ".e.csv", "f.csv.tmp", "_SUCCESS")
    ):
        host.files[f"/shop/out/{name}"] = export(place)
    source = Source("shop", pattern)
    assert landed(folders, source) == expected
    host.sent.clear()
    assert (landed(folders, source), host.sent) == ([], [])
    if "b.csv" in expected:
        host.files["/shop/out/b.csv"] = export(1, 2)
        assert landed(folders, source) == ["b (2).csv"]


def test_what_landed_is_taken_in_as_any_export_is(folders: Folders, store: Store, host: Host) -> None:
    host.files["/shop/a.csv"], host.files["/shop/b.csv"] = export(1, 2), export(2, 3)
    landed(folders, Source("shop", "s3://shop/*.csv"))
    time.sleep(0.7)
    scan(store, folders)
    folders.fetched.unlink()
    assert landed(folders, Source("shop", "s3://shop/*.csv")) == ["a.csv", "b.csv"]
    time.sleep(0.7)
    assert [report.already for report in scan(store, folders)] == [True, True]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("{host}/none.csv", "there is nothing at {host}/none.csv"),
        ("{host}/private/a.csv?token=hush", "{host}/private/a.csv refuses access; check the credentials"),
        (
            "http://127.0.0.1:{free}/a.csv",
            "http://127.0.0.1:{free}/a.csv cannot be reached (Connection refused)",
        ),
        ("https://127.0.0.1:{port}/a.csv", "https://127.0.0.1:{port}/a.csv cannot be reached ("),
        ("s3://shop/none.csv", "there is nothing at s3://shop/none.csv"),
        ("s3://none/*.csv", "there is no bucket of that name: s3://none/*.csv"),
        ("s3://private/*.csv", "s3://private/*.csv refuses access; check the credentials"),
    ],
)
def test_trouble_is_one_sentence_without_credentials(
    folders: Folders, host: Host, monkeypatch: pytest.MonkeyPatch, url: str, told: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    host.files["/shop/a.csv"] = export(1)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        known = {"host": host.url, "free": found.getsockname()[1], "port": host.server_address[1]}
    fetched = fetch(folders, Source("shop", url.format(**known)))
    assert fetched.landed == ()
    assert fetched.trouble.startswith(told.format(**known))
    assert fetched.trouble.count("\n") == 0
    assert "hush" not in fetched.trouble + folders.fetched.read_text(encoding="utf-8")


def test_a_bucket_whose_host_is_down_is_told_so(
    folders: Folders, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{found.getsockname()[1]}")
    assert fetch(folders, Source("shop", "s3://shop/*.csv")).trouble == (
        "s3://shop/*.csv cannot be reached (no connection)"
    )


def test_half_a_file_does_not_land(folders: Folders, host: Host) -> None:
    host.files["/a.csv"], host.shortened = export(1, 2), 5
    source = Source("shop", f"{host.url}/a.csv")
    assert "broke off before its end" in fetch(folders, source).trouble
    assert [*folders.inbox.iterdir()] == []
    host.shortened = 0
    assert landed(folders, source) == ["a.csv"]


def test_a_password_is_read_from_the_environment_and_never_written(
    folders: Folders, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", f"Bearer {SECRET}")
    host.files["/private/a.csv"] = export(1)
    assert landed(folders, Source("shop", f"{host.url}/private/a.csv", authorization="SHOP_TOKEN")) == [
        "a.csv"
    ]
    assert SECRET not in folders.fetched.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("../../out.csv", "out.csv"), ("..\\out.csv", "out.csv"), (".hidden.csv", "hidden.csv"), ("", "export")],
)
def test_a_name_cannot_lead_out_of_the_inbox(name: str, expected: str) -> None:
    assert elsewhere._plain(name) == expected


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            '[[sources]]\nname = "a"\nurl = "ftp://host/x.csv"',
            "the url of a must begin with s3:// or https://",
        ),
        (
            '[[sources]]\nname = "a"\nurl = "https://me:hush@host/x.csv"',
            "credentials belong in the environment",
        ),
        (
            '[[sources]]\nname = "a"\nurl = "s3://b/x.csv"\nevery = 0',
            "every of a must be a number of minutes above 0",
        ),
        ('[[sources]]\nname = "a"\nurl = "s3://b/x.csv"\nevry = 5', "'evry'"),
        ('[[source]]\nname = "a"', "source is not known; each source begins with [[sources]]"),
        (
            '[[sources]]\nname = "a"\nurl = "s3://b/x"\n[[sources]]\nname = "a"\nurl = "s3://b/y"',
            "the same name",
        ),
        ("[[sources]", "sources.toml cannot be read"),
    ],
)
def test_a_source_that_cannot_be_is_told(folders: Folders, written: str, told: str) -> None:
    (folders.reference / "sources.toml").write_text(written, encoding="utf-8")
    with pytest.raises(BadReference) as error:
        sources(folders.reference)
    assert told in str(error.value)
    assert "hush" not in str(error.value)
    assert [finding.what for finding in doctor.examine(folders) if told in finding.told] == ["Reference"]


def test_the_command_says_what_came_and_takes_it_in(
    tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    folders = Folders(tmp_path).make()
    assert main(["fetch"]) == 0
    host.files["/shop/a.csv"] = export(1, 2)
    (folders.reference / "sources.toml").write_text(
        f'[[sources]]\nname = "good"\nurl = "s3://shop/*.csv"\n'
        f'[[sources]]\nname = "gone"\nurl = "{host.url}/gone.csv"\n'
    )
    assert main(["fetch"]) == 1
    told = capsys.readouterr().out
    assert "good: 1 new file: a.csv." in told
    assert "gone: there is nothing at" in told
    assert "a.csv: 2 rows kept" in told
    assert [*folders.inbox.iterdir()] == []
    found = {f.told: f.well for f in doctor.examine(folders) if f.what == "Source"}
    assert [well for told, well in found.items() if told.startswith("good: 1 file came so far")] == [True]
    assert [well for told, well in found.items() if told.startswith("gone: there is nothing at")] == [False]


def test_a_host_that_hangs_does_not_keep_the_inbox_waiting(
    folders: Folders, store: Store, host: Host
) -> None:
    host.files["/a.csv"] = export(1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hangs = f"http://127.0.0.1:{silent.getsockname()[1]}/x.csv"
        (folders.reference / "sources.toml").write_text(
            f'[[sources]]\nname = "good"\nurl = "{host.url}/a.csv"\n[[sources]]\nname = "hangs"\nurl = "{hangs}"\n'
        )
        stop, reports = threading.Event(), []
        watching = threading.Thread(target=watch, args=(store, folders, stop, reports.append))
        watching.start()
        silent.accept()
        write_csv(folders.inbox / "mine.csv", [ROW | {"interaction_id": "7"}])
        patience = time.monotonic() + 20
        while len(reports) < 2 and time.monotonic() < patience:
            time.sleep(0.05)
        stop.set()
        watching.join()
    assert sorted(report.file for report in reports) == ["a.csv", "mine.csv"]


@pytest.mark.parametrize("there", ["nothing", "a file"])
def test_an_inbox_elsewhere_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], there: str
) -> None:
    share = tmp_path / "share"
    if there == "a file":
        share.touch()
    monkeypatch.setenv("CX_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CX_INBOX", str(share))
    with pytest.raises(InboxMissing, match="CX_INBOX"):
        Folders.default().make()
    assert main(["doctor"]) == 2
    assert "is not there or cannot be written" in even(capsys.readouterr().out)


def test_exports_in_an_inbox_elsewhere_are_taken_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share = tmp_path / "share"
    share.mkdir()
    monkeypatch.setenv("CX_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CX_INBOX", str(share))
    folders = Folders.default().make()
    write_csv(share / "a.csv", [ROW])
    store = Store.open(folders.store)
    time.sleep(0.7)
    assert [report.rows_kept for report in scan(store, folders)] == [1]
    store.close()
    assert [*share.iterdir()] == []
    assert not (folders.root / "inbox").exists()


def test_memory_that_is_not_to_be_read_is_none(folders: Folders, host: Host) -> None:
    host.files["/a.csv"] = export(1)
    folders.fetched.write_text("{", encoding="utf-8")
    assert landed(folders, Source("shop", f"{host.url}/a.csv")) == ["a.csv"]
    assert [*json.loads(folders.fetched.read_text(encoding="utf-8"))] == ["shop"]
    assert remote.last(folders, Source("shop", f"{host.url}/a.csv")).files == 1
