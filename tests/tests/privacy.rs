//! No way out shows what a mask hides: the file's own values are looked for in every answer.

use rusqlite::{Connection, OpenFlags};
use yizhangtu_tests::{Server, village};

struct Person {
    id: String,
    name: String,
    number: String,
    phone: String,
}

fn people() -> Vec<Person> {
    let file = Connection::open_with_flags(village("donghua"), OpenFlags::SQLITE_OPEN_READ_ONLY)
        .expect("the demonstration opens");
    let mut statement = file
        .prepare(
            "SELECT id, name, id_number, phone FROM person
             WHERE length(name) > 2 AND length(id_number) = 18 AND phone NOT NULL
             -- Whoever holds an office is named with it, and so may a namesake be.
             AND name NOT IN (SELECT worker FROM grid WHERE worker NOT NULL
               UNION SELECT leader FROM grid WHERE leader NOT NULL)
             ORDER BY fid LIMIT 40",
        )
        .expect("a register");
    let people = statement
        .query_map([], |row| {
            Ok(Person {
                id: row.get(0)?,
                name: row.get(1)?,
                number: row.get(2)?,
                phone: row.get(3)?,
            })
        })
        .expect("people")
        .collect::<Result<Vec<_>, _>>()
        .expect("people");
    assert_eq!(people.len(), 40);
    people
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn nobody_is_shown_unmasked() {
    let people = people();
    let server = Server::start(&village("donghua"));
    let mut answers = vec![
        server.get("/collections/person/items?limit=100000").text(),
        server
            .get("/collections/person/items?limit=100000&f=csv")
            .text(),
        server
            .get("/collections/person/items?limit=1000&f=html")
            .text(),
        server
            .get("/collections/residence/items?limit=100000")
            .text(),
        server
            .get("/collections/household/items?limit=100000")
            .text(),
        server.get("/collections/room/items?limit=100000").text(),
        server.get("/catalog").text(),
    ];
    for person in people.iter().take(5) {
        answers.push(
            server
                .get(&format!("/collections/person/items/{}", person.id))
                .text(),
        );
        for query in [
            &person.name,
            &person.number,
            &person.phone,
            &person.phone[7..].to_owned(),
        ] {
            answers.push(server.get(&format!("/search?q={}", encoded(query))).text());
        }
    }
    for answer in &answers {
        for person in &people {
            for secret in [&person.number, &person.phone, &person.name] {
                assert!(!answer.contains(secret.as_str()), "{secret} is shown");
            }
        }
    }
    assert!(answers[0].contains('*'));
}

#[test]
fn what_is_masked_cannot_be_asked_by() {
    let server = Server::start(&village("donghua"));
    for query in [
        "name=%E6%9D%8E",
        "sortby=name",
        "filter=name%20LIKE%20%27%25%27",
        "filter=id_number%20IS%20NULL",
        "phone=13800000000",
    ] {
        let reply = server.get(&format!("/collections/person/items?{query}"));
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
    }
}

#[test]
fn residents_are_found_by_name_and_tail_and_shown_masked() {
    let person = &people()[0];
    let server = Server::start(&village("donghua"));
    for query in [&person.name, &person.number, &person.phone] {
        let answer = server
            .get(&format!("/search?limit=100&q={}", encoded(query)))
            .json();
        let results = answer["results"].as_array().expect("results");
        let own = results.iter().find(|found| found["id"] == *person.id);
        let own = own.unwrap_or_else(|| panic!("not found: {answer}"));
        assert_eq!(own["layer"], "person");
        let title = own["title"].as_str().expect("a title");
        assert!(
            title.contains('*')
                && title.starts_with(person.name.chars().next().expect("a surname"))
        );
    }
}
