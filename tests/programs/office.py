"""People of an office at work: they sign in, hand in, take steps and take files away."""

import json
import urllib.error
import urllib.parse
import urllib.request
from itertools import count

from conftest import ROOT

PASSWORD = "yizhangtu-demo"
PHOTO = (ROOT / "tests/data/photo.jpg").read_bytes()
CASE = "violation_case"
numbers = count(1)


class Person:
    """Somebody who is signed in under a role's own name."""

    def __init__(self, address, user):
        self.address, self.user = address, user
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        self.ask("POST", "/session", {"user": user, "password": PASSWORD})

    def ask(self, method, path, body=None, **headers):
        """The answer's body; anything but a success fails, with what was said."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("content-type", "application/json")
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.address + path, body, headers, method=method)
        try:
            with self.opener.open(request, timeout=60) as answer:
                content = answer.read()
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{self.user} {method} {path}: {refused.code} {refused.read().decode()}") from None
        kind = answer.headers.get_content_type()
        return json.loads(content) if kind.endswith("json") else content

    def get(self, path):
        return self.ask("GET", path)

    def photograph(self, case, shows):
        """Hangs a photograph on a case, another at each call, and names it by its content."""
        # A comment of four bytes behind the marker that begins a JPEG.
        comment = b"\xff\xfe\x00\x06" + next(numbers).to_bytes(4)
        kind = urllib.parse.quote("现场照片")
        path = f"/collections/{CASE}/items/{case}/attachments?kind={kind}&name=photo.jpg"
        content = PHOTO[:2] + comment + PHOTO[2:]
        kept = self.ask("POST", path, content, content_type="application/octet-stream")
        return {"hash": kept["hash"], "shows": shows}

    def take(self, case, step, place, shape, papers=(), **fields):
        """Takes a step with all that it asks for; `papers` come from elsewhere, the others were issued."""
        path = f"/collections/{CASE}/items/{case}/process"
        asked = next(one for one in self.get(path)["transitions"] if one["id"] == step)
        assert asked["allowed"], f"{step}: {asked['why_not']}"
        lacking = [wanted["any"][0] for wanted in asked["documents"] if not wanted["held"]]
        assert lacking == list(papers), f"{step} lacks {lacking}"
        given = {
            "fields": fields,
            "note": "照章办理",
            "place": place,
            "photos": [self.photograph(case, wanted.get("shows", "")) for wanted in asked["photos"] for _ in range(wanted["least"])],
            "documents": [{"kind": kind, "number": "法裁〔2026〕1号"} for kind in papers],
        }
        if asked["geometry"]:
            given["geometry"] = shape
        version = self.get(f"/collections/{CASE}/items/{case}/history")["version"]
        return self.ask("POST", f"{path}/{step}", given, if_match=f'"{version}"')

    def take_away(self, approver, paths):
        """Files that name persons, once somebody else has approved that they leave."""
        asked = self.ask("POST", "/exports", {"paths": paths, "reason": "送达当事人，核对"})
        approver.ask("PATCH", f"/exports/{asked['id']}", {"state": "approved"})
        return [self.get(f"{path}?approval={asked['id']}") for path in paths]
