use super::*;
use crate::Catalog;

fn person() -> Arc<Layer> {
    Arc::clone(Catalog::embedded().layer("person").unwrap())
}

fn sealed(keys: &Keys, field: &str, text: &str) -> String {
    let layer = person();
    let field = layer.field(field).unwrap();
    keys.seal(&layer, field, &Value::from(text))
        .expect("a sealed field")
}

fn opened(keys: &Keys, field: &str, text: &str) -> Value {
    let layer = person();
    keys.open(&layer, layer.field(field).unwrap(), Value::from(text))
}

#[test]
fn the_catalog_seals_numbers_and_telephones() {
    let catalog = Catalog::embedded();
    let fields = (catalog.layers.iter()).flat_map(|layer| {
        let fields = layer.fields.iter().filter(|field| field.is_sealed());
        fields.map(|field| format!("{}/{}", layer.id, field.name))
    });
    let mut fields: Vec<String> = fields.collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "person/id_number",
            "person/phone",
            "place/phone",
            "rental_declaration/phone",
            "violation_party/id_number",
            "violation_party/phone",
        ]
    );
    // Equal texts find duplicates of a person; no index of unique values may see two of them.
    let unique = (catalog.layers.iter()).flat_map(|layer| &layer.fields);
    assert!(
        unique
            .filter(|field| field.is_sealed())
            .all(|field| !field.unique)
    );
}

#[test]
fn what_is_sealed_is_opened_with_its_key_and_at_its_place_only() {
    let keys = Keys::fixed(Ring::made().unwrap());
    let number = "440111199001011234";
    let text = sealed(&keys, "id_number", number);
    assert!(is_sealed(&text) && !text.contains("19900101"), "{text}");
    assert_eq!(opened(&keys, "id_number", &text), Value::from(number));
    assert_eq!(
        sealed(&keys, "id_number", number),
        text,
        "equal numbers are found"
    );
    assert_ne!(sealed(&keys, "phone", number), text);
    assert_eq!(opened(&keys, "phone", &text), Value::from(text.as_str()));
    let other = Keys::fixed(Ring::made().unwrap());
    assert_eq!(
        opened(&other, "id_number", &text),
        Value::from(text.as_str())
    );
    let mut tampered = text.clone();
    tampered.pop();
    tampered.push(if text.ends_with('A') { 'B' } else { 'A' });
    assert_eq!(
        opened(&keys, "id_number", &tampered),
        Value::from(tampered.as_str())
    );
    // What could not be opened is not sealed again.
    let layer = person();
    let field = layer.field("id_number").unwrap();
    assert_eq!(keys.seal(&layer, field, &Value::from(tampered)), None);
}

#[test]
fn a_new_key_seals_and_the_old_one_opens() {
    let ring = Ring::made().unwrap();
    let old = Keys::fixed(ring.clone());
    let text = sealed(&old, "phone", "13812345678");
    let new =
        Keys::fixed(Ring::parse(&ring.with_new(Algorithm::Aes256Gcm).unwrap().to_text()).unwrap());
    assert_eq!(opened(&new, "phone", &text), Value::from("13812345678"));
    assert_ne!(sealed(&new, "phone", "13812345678"), text);
    let layer = person();
    let forms = new.forms(&layer, layer.field("phone").unwrap(), "13812345678");
    assert_eq!(forms.len(), 3);
    assert!(forms.contains(&text));
    assert_eq!(
        old.fingerprint("13812345678"),
        new.fingerprint("13812345678")
    );
}

#[test]
fn keys_are_never_shown_and_what_are_none_is_said() {
    let ring = Ring::made().unwrap();
    let secret = ring.to_text();
    let secret = secret
        .lines()
        .find_map(|line| line.strip_prefix("secret = "))
        .unwrap()
        .trim_matches('"')
        .to_owned();
    assert!(!format!("{ring:?} {:?}", Keys::fixed(ring.clone())).contains(&secret));
    for none in [
        "",
        "[[keys]]\nname = \"a\"\nsecret = \"short\"",
        "[[keys]]\nname = \"a:b\"\nsecret = \"\"",
    ] {
        assert!(Ring::parse(none).is_none(), "{none}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_file_is_its_owners_alone_and_is_not_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    let ring = Ring::made().unwrap();
    ring.write(&path, true).unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(matches!(
        ring.write(&path, true),
        Err(KeyError::File { .. })
    ));
    let read = Source::File(path).read().unwrap();
    assert_eq!(read.current(), ring.current());
}
