use std::{fs, sync::Arc};

use chrono::NaiveDate;
use geo::{Geometry, point};

use super::*;
use crate::{Record, Value, catalog::load::Files};

fn assemble(files: &[(&str, &'static str)]) -> Result<Catalog, CatalogError> {
    let mut all = Files::default();
    all.add(
        "themes.toml",
        "themes.toml".to_owned(),
        "[[themes]]\nid = \"base\"\ntitle = { zh = \"底图\", en = \"Base\" }\n".into(),
    );
    for (path, text) in files {
        all.add(path, (*path).to_owned(), (*text).into());
    }
    all.assemble()
}

fn faults(files: &[(&str, &'static str)]) -> String {
    assemble(files).expect_err("there are faults").to_string()
}

#[test]
fn the_embedded_catalog_has_no_fault_and_the_layers_that_others_build_on() {
    let catalog = Catalog::embedded();
    for id in "village grid party_area co_op building room person residence household \
               renewal_unit violation_case violation_spot grid_event plan_land land_use \
               control_line parcel asset contract facility place vehicle address org sheet \
               indicator project task dispute road water green"
        .split_whitespace()
    {
        assert!(catalog.layer(id).is_some(), "no layer {id}");
    }
    assert_eq!(
        catalog.themes.first().map(|theme| theme.id.as_str()),
        Some("planning")
    );
    for (list, count) in [("ethnic", 58), ("sex", 4), ("admin_level", 6)] {
        assert_eq!(
            catalog.code_list(list).map(|list| list.codes.len()),
            Some(count),
            "{list}"
        );
    }
}

#[test]
fn one_code_means_different_things_in_the_two_land_use_standards() {
    let catalog = Catalog::embedded();
    let name = |list: &str, code: &str| {
        let list = catalog.code_list(list).expect("list");
        list.get(code).map(|code| code.label.zh.clone())
    };
    assert_eq!(
        name("land_use_sea", "0702").as_deref(),
        Some("城镇社区服务设施用地")
    );
    assert_eq!(
        name("land_use_gbt21010", "0702").as_deref(),
        Some("农村宅基地")
    );
    assert_eq!(name("land_use_sea", "05").as_deref(), Some("湿地"));
    assert_eq!(name("land_use_gbt21010", "05").as_deref(), Some("商服用地"));
}

#[test]
fn every_personal_field_of_a_mapped_layer_is_masked() {
    for layer in &Catalog::embedded().layers {
        for field in &layer.fields {
            if field.sensitivity.is_personal() {
                assert!(field.mask.is_some(), "{}.{}", layer.id, field.name);
            }
        }
    }
}

#[test]
fn the_faults_of_a_layer_are_all_named_with_line_column_and_remedy() {
    let said = faults(&[(
        "layers/kiosk.toml",
        r##"id = "kiosks"
title = { zh = "报亭", en = "" }
theme = "shops"
geometry = "point"
version = "1"
code = "number"
search = ["name", "owner", "street"]
partition = true
colour = "red"

[style]
color = "red"
fill_opacity = 1.5
width = 3.0
color_by = "name"

[[fields]]
name = "name"
label = { zh = "名称", en = "Name" }
type = "text"
decimals = 2
lenght = 4
aliasses = ["MC"]

[[fields]]
name = "Name"
label = { zh = "名称", en = "Name" }
type = "text"
pattern = "[0-9"

[[fields]]
name = "name"
label = { zh = "业主", en = "Owner" }
type = "text"
sensitivity = "personal"

[[fields]]
name = "rent"
label = { zh = "租金", en = "Rent" }
type = "decimal"
range = [10.0, 1.0]
mask = "stars"

[[fields]]
name = "kind"
label = { zh = "类型", en = "Kind" }
type = "text"
code_list = "kiosk_kind"
reference = "shop"
code_list_when = { field = "sort", lists = { a = "b" } }

[[fields]]
name = "geom"
label = { zh = "图形", en = "Geometry" }
type = "txt"

[[fields]]
label = { zh = "无名", en = "Nameless" }
type = "text"
"##,
    )]);
    insta::assert_snapshot!(said);
}

#[test]
fn names_that_the_head_of_a_layer_uses_must_be_fields() {
    let said = faults(&[(
        "layers/kiosk.toml",
        r##"id = "kiosk"
title = { zh = "报亭", en = "Kiosks" }
theme = "base"
geometry = "point"
version = "1"
code = "number"
label = "owner"
search = ["name", "street"]

[style]
color = "#334455"
color_by = "name"

[[fields]]
name = "name"
label = { zh = "名称", en = "Name" }
type = "text"
aliases = ["业主"]

[[fields]]
name = "owner"
label = { zh = "业主", en = "Owner" }
type = "text"
sensitivity = "personal"
mask = "name"
"##,
    )]);
    insta::assert_snapshot!(said);
}

#[test]
fn the_faults_of_a_code_list_are_all_named() {
    let said = faults(&[
        (
            "codes/kind.toml",
            r##"id = "kind"
title = { zh = "类型", en = "Kind" }
version = "1"

[[codes]]
code = "1"
label = { zh = "甲", en = "A" }
parent = "2"

[[codes]]
code = "2"
label = { zh = "乙", en = "B" }
parent = "1"
color = "#12345"

[[codes]]
code = "1"
label = { zh = "丙" }

[[codes]]
code = "3"
label = { zh = "甲", en = "C" }
parent = "9"
"##,
        ),
        (
            "codes/empty.toml",
            "id = \"empty\"\ntitle = { zh = \"空\", en = \"Empty\" }\nversion = \"1\"\ncodes = []\n",
        ),
    ]);
    insta::assert_snapshot!(said);
}

#[test]
fn what_is_no_toml_is_said_with_its_line() {
    let said = faults(&[(
        "layers/broken.toml",
        "id = \"broken\"\ntitle = { zh = \"坏\"\n[[fields\n",
    )]);
    insta::assert_snapshot!(said);
}

#[test]
fn a_customer_adds_a_layer_with_one_file() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("layers")).expect("layers");
    let file = directory.path().join("layers/observation_post.toml");
    let text = r##"id = "observation_post"
title = { zh = "观察站", en = "Observation posts" }
theme = "grids"
geometry = "point"
version = "1"
label = "name"

[style]
color = "#335577"

[[fields]]
name = "name"
label = { zh = "名称", en = "Name" }
type = "text"
required = true
"##;
    fs::write(&file, text).expect("written");
    let catalog = Catalog::load(directory.path()).expect("no faults");
    assert!(catalog.layer("observation_post").is_some());
    assert_eq!(catalog.layers.len(), Catalog::embedded().layers.len() + 1);

    fs::write(&file, text.replace("grids", "grid")).expect("written");
    let error = Catalog::load(directory.path()).expect_err("no such theme");
    let said = error.to_string();
    assert!(
        said.contains("observation_post.toml:3:1: 没有主题“grid”"),
        "{said}"
    );

    let nowhere = Catalog::load(directory.path().join("nowhere")).expect_err("nothing there");
    assert!(nowhere.to_string().contains("nowhere"));
}

fn building(catalog: &Catalog) -> (Arc<Layer>, Record) {
    let layer = Arc::clone(catalog.layer("building").expect("layer"));
    let mut record = Record::new(&layer, "b1");
    record.set(&layer, "code", "44011810122400001");
    (layer, record)
}

#[test]
fn a_record_that_keeps_the_rules_has_no_error() {
    let catalog = Catalog::embedded();
    let (layer, mut record) = building(&catalog);
    record
        .set(&layer, "floors_up", 6)
        .set(&layer, "footprint_m2", 98.76)
        .set(&layer, "structure", "钢混")
        .set(&layer, "rental", true);
    assert_eq!(catalog.validate(&layer, &record), []);
}

#[test]
fn a_record_that_breaks_the_rules_hears_field_value_and_remedy() {
    let catalog = Catalog::embedded();
    let (layer, mut record) = building(&catalog);
    record
        .set(&layer, "code", Value::Null)
        .set(&layer, "floors_up", "三层")
        .set(&layer, "floors_down", 99)
        .set(&layer, "height_m", 12.345)
        .set(&layer, "footprint_m2", f64::NAN)
        .set(&layer, "structure", "木头")
        .set(&layer, "alias", "俗".repeat(61))
        .set(&layer, "owner", 7);
    record.geometry = Some(Geometry::Point(point!(x: 113.5, y: 23.1)));
    let errors = catalog.validate(&layer, &record);
    let said: Vec<String> = errors
        .iter()
        .map(|error| format!("{}: {}", error.code, error.message))
        .collect();
    let said = said.join("\n");
    insta::assert_snapshot!(said);
}

#[test]
fn projected_coordinates_are_told_from_longitudes() {
    let catalog = Catalog::embedded();
    let layer = catalog.layer("grid_event").expect("layer");
    let mut record = Record::new(layer, "e1");
    record.geometry = Some(Geometry::Point(point!(x: 459_123.5, y: 2_567_890.25)));
    let errors = catalog.validate(layer, &record);
    let geometry = errors
        .iter()
        .find(|error| error.field == "geometry")
        .expect("found");
    assert!(
        geometry.message.contains("459123.5"),
        "{}",
        geometry.message
    );
}

#[test]
fn identity_numbers_are_checked_but_passports_are_not_and_neither_is_repeated() {
    let catalog = Catalog::embedded();
    let layer = catalog.layer("person").expect("layer");
    let with = |kind: Value, number: &str| {
        let mut record = Record::new(layer, "p1");
        record.set(layer, "name", "甲某");
        record
            .set(layer, "id_type", kind)
            .set(layer, "id_number", number);
        catalog.validate(layer, &record)
    };
    assert_eq!(with(Value::Null, "11010519491231002X"), []);
    assert_eq!(with("护照".into(), "E12345678"), []);
    let errors = with("居民身份证".into(), "110105194912310021");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].code, "check");
    assert!(!errors[0].message.contains("1949"), "{}", errors[0].message);
}

#[test]
fn the_standard_beside_a_land_use_code_chooses_the_list() {
    let catalog = Catalog::embedded();
    let layer = catalog.layer("land_use").expect("layer");
    let with = |standard: &str, code: &str| {
        let mut record = Record::new(layer, "l1");
        record
            .set(layer, "code", "1")
            .set(layer, "class_std", standard)
            .set(layer, "class_code", code);
        catalog.validate(layer, &record).len()
    };
    assert_eq!(with("用地用海", "070301"), 0);
    assert_eq!(with("GB/T 21010", "070301"), 1);
    assert_eq!(with("国土调查", "08H2"), 0);
    assert_eq!(with("用地用海", "08H2"), 1);
}

#[test]
fn two_million_records_are_no_long_wait() {
    let catalog = Catalog::embedded();
    let layer = catalog.layer("residence").expect("layer");
    let mut record = Record::new(layer, "r1");
    record
        .set(layer, "person", "01J0000000000000000000000P")
        .set(layer, "room", "01J0000000000000000000000R")
        .set(layer, "kind", "租住")
        .set(layer, "relation_to_head", "01")
        .set(layer, "moved_in", NaiveDate::from_ymd_opt(2023, 5, 1));
    let begun = std::time::Instant::now();
    let wrong: usize = (0..20_000)
        .map(|_| catalog.validate(layer, &record).len())
        .sum();
    let each = begun.elapsed() / 20_000;
    println!("{each:?} a record");
    assert_eq!(wrong, 0);
    // 2 million within 20 s even on a loaded machine.
    assert!(each.as_micros() < 10, "{each:?} a record");
}

/// Cases keep the version of the machine that they began with, so a version never says anything
/// else than it said first. A change needs a new version; the file as it was stays beside it as
/// `<layer>@<version>.toml`, and stands here too.
#[test]
fn a_version_of_a_machine_says_for_ever_what_it_said_first() {
    use sha2::{Digest as _, Sha256};
    for (file, first) in [
        ("violation_case", "8854507ed300702c"),
        ("place", "1befaeb530ef6025"),
    ] {
        let root = env!("CARGO_MANIFEST_DIR");
        let text = fs::read_to_string(format!("{root}/catalog/processes/{file}.toml"));
        let text = text.expect("a machine");
        // Comments say nothing.
        let said = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let said: Vec<&str> = text.lines().filter(said).collect();
        let hash: String = Sha256::digest(said.join("\n"))[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hash, first,
            "{file}: give what was changed a version of its own"
        );
    }
}

#[test]
fn a_process_that_is_changed_under_its_version_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let processes = folder.path().join("processes");
    fs::create_dir(&processes).expect("a folder");
    let own = format!(
        "{}/catalog/processes/place.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = fs::read_to_string(own).expect("a machine");
    let write = |text: &str| fs::write(processes.join("place.toml"), text).expect("written");
    write(&format!("# 注释不算改动\n{text}"));
    Catalog::load(folder.path()).expect("the same under its version");
    let changed = text.replacen("near_m = 100", "near_m = 200", 1);
    write(&changed);
    let said = Catalog::load(folder.path())
        .expect_err("refused")
        .to_string();
    assert!(
        said.contains("place.toml:5:") && said.contains("请换一个版本"),
        "{said}"
    );
    write(&changed.replace("version = \"2026.1\"", "version = \"2026.2\""));
    let catalog = Catalog::load(folder.path()).expect("another version");
    assert_eq!(catalog.processes["place"].len(), 2);
}
