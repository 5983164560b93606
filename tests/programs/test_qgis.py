"""QGIS edits the file while it is served: both see what the other did within two seconds."""

import json
import os
import subprocess

import pytest
from conftest import validate
from test_edits import SECONDS, Served, soon

# QGIS takes more room than all else together, so it is not installed for this test alone.
pytestmark = pytest.mark.skipif(
    subprocess.run(["/usr/bin/python3", "-c", "import qgis.core"], capture_output=True).returncode != 0,
    reason="QGIS is not installed (apt-get install python3-qgis)",
)

# One program that is told line by line what to do, as somebody works at a desk.
DESK = """
import json, sys
from qgis.core import QgsApplication, QgsFeature, QgsFeatureRequest, QgsGeometry, QgsPointXY, QgsVectorLayer
application = QgsApplication([], False)
application.initQgis()
layer = QgsVectorLayer(sys.argv[1] + "|layername=building", "building", "ogr")
assert layer.isValid(), "QGIS cannot open the layer"

def find(code):
    return next(layer.getFeatures(QgsFeatureRequest().setFilterExpression(f"code = '{code}'")), None)

for line in sys.stdin:
    word = json.loads(line)
    said = None
    if word["do"] == "edit":
        assert layer.startEditing(), "QGIS may not edit the layer"
        if word["what"] == "change":
            at = layer.fields().indexFromName(word["field"])
            assert layer.changeAttributeValue(find(word["code"]).id(), at, word["value"])
        elif word["what"] == "add":
            made = QgsFeature(layer.fields())
            made["code"] = word["code"]
            made.setGeometry(QgsGeometry.fromWkt(word["wkt"]))
            assert layer.addFeature(made)
        else:
            assert layer.deleteFeature(find(word["code"]).id())
        assert layer.commitChanges(), layer.commitErrors()
    else:
        layer.dataProvider().reloadData()
        found = find(word["code"])
        value = found[word["field"]] if found else None
        said = value if isinstance(value, (int, str)) else None
    print(json.dumps(said), flush=True)
layer = None
application.exitQgis()
"""


@pytest.fixture
def served(village):
    server = Served(village)
    yield server
    server.stop()


@pytest.fixture
def desk(served):
    program = subprocess.Popen(
        ["/usr/bin/python3", "-c", DESK, served.path],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )

    def tell(do, **words):
        program.stdin.write(json.dumps({"do": do, **words}) + "\n")
        program.stdin.flush()
        line = program.stdout.readline()
        assert line, "QGIS ended"
        return json.loads(line)

    yield tell
    program.stdin.close()
    program.wait(timeout=60)


def test_qgis_edits_the_file_while_it_is_served(served, desk):
    assert SECONDS == 2.0
    item = served.ask("/collections/building/items?limit=1")["features"][0]
    id, code = item["id"], item["properties"]["code"]
    shown = lambda: served.ask(f"/collections/building/items/{id}")["properties"]["floors_up"]
    desk("edit", what="change", code=code, field="floors_up", value=23)
    soon(lambda: shown() == 23)

    desk("edit", what="add", code="QGIS-2", wkt="MULTIPOLYGON(((113.63 23.13,113.6301 23.13,113.6301 23.1301,113.63 23.13)))")
    found = lambda: served.ask("/collections/building/items?code=QGIS-2")["features"]
    soon(found)
    theirs = found()[0]
    history = served.ask(f"/collections/building/items/{theirs['id']}/history")
    assert [(entry["operation"], entry["author"]) for entry in history["entries"]] == [("insert", None)]

    served.ask("/changes", {"changes": [
        {"op": "update", "layer": "building", "id": theirs["id"], "version": history["version"],
         "feature": {"properties": {"floors_up": 6}}}]})
    soon(lambda: desk("read", code="QGIS-2", field="floors_up") == 6)
    desk("edit", what="delete", code="QGIS-2")
    soon(lambda: not found())
    served.stop()
    validate(served.path)
