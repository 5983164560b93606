//! A disk that is full or read-only: the import says so and leaves the file as it was.
//!
//! The disk is a small file system in memory, mounted in a namespace of the test's own
//! (`unshare` of util-linux), so that it needs no rights and leaves nothing behind.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use tempfile::TempDir;
use yizhangtu_tests::{binary, run_well, village};

/// Runs a script where `$disk` can be mounted and `$yizhangtu` is the binary.
fn on_a_disk_of_its_own(disk: &Path, script: &str) -> String {
    let output = Command::new("unshare")
        .args([
            "--map-root-user",
            "--mount",
            "bash",
            "-euo",
            "pipefail",
            "-c",
            script,
        ])
        .env("disk", disk)
        .env("yizhangtu", binary())
        .output()
        .expect("unshare (util-linux) and bash are installed");
    let (out, errors) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    assert!(
        output.status.success(),
        "{} (a kernel that forbids user namespaces can't run this test)\n{out}\n{errors}",
        output.status
    );
    out + &errors
}

/// Many places in 东华村, several megabytes once stored.
fn places(path: &Path) {
    let mut lines = String::new();
    for number in 0..20_000 {
        let (lon, lat) = (
            113.5 + f64::from(number % 100) * 1e-5,
            23.1 + f64::from(number / 100) * 1e-5,
        );
        writeln!(
            lines,
            r#"{{"type":"Feature","properties":{{"name":"第{number}处","address":"很长的地址{}"}},"geometry":{{"type":"Point","coordinates":[{lon},{lat}]}}}}"#,
            "路".repeat(60)
        )
        .unwrap();
    }
    fs::write(path, lines).unwrap();
}

#[test]
fn a_full_disk_refuses_the_import_and_takes_it_once_there_is_room() {
    let folder = TempDir::new().unwrap();
    let (source, disk) = (
        folder.path().join("places.geojsonl"),
        folder.path().join("disk"),
    );
    places(&source);
    fs::create_dir(&disk).unwrap();
    let empty = folder.path().join("empty.gpkg");
    // A target of ours with nothing in it, made by an import taken back.
    fs::write(
        folder.path().join("one.csv"),
        "name,lon,lat\n一处,113.7,23.2\n",
    )
    .unwrap();
    let one = folder.path().join("one.csv");
    let (one, empty) = (one.to_str().unwrap(), empty.to_str().unwrap());
    run_well(["import", one, "--into", empty, "--layer", "place"]);
    let kilobytes = fs::metadata(empty).unwrap().len() / 1024;
    let said = on_a_disk_of_its_own(
        &disk,
        &format!(
            r#"
            mount -t tmpfs -o size={room}k tmpfs "$disk"
            cp {empty} "$disk/v.gpkg"
            count() {{ "$yizhangtu" export "$disk/v.gpkg" --layer place -o {folder}/$1.csv >/dev/null; wc -l < {folder}/$1.csv; }}
            into() {{ "$yizhangtu" import {source} --into "$disk/$1" --layer place 2>&1; }}
            set +e
            into v.gpkg; echo "code $?"
            into new.gpkg; echo "new code $?"
            set -e
            ls "$disk"
            echo "before $(count before)"
            mount -o remount,size=200m "$disk"
            into v.gpkg
            echo "after $(count after)"
            "#,
            room = kilobytes + 1500,
            folder = folder.path().display(),
            source = source.display(),
        ),
    );
    assert!(
        said.contains("\ncode 1\n") && said.contains("new code 1\n"),
        "{said}"
    );
    assert_eq!(
        said.matches("磁盘空间不足，请清理后重试；未写入任何内容")
            .count(),
        2,
        "{said}"
    );
    assert_eq!(said.matches("the disk is full").count(), 2, "{said}");
    assert!(said.contains("before 2\n"), "{said}");
    assert!(!said.contains("new.gpkg\n"), "half a file is left: {said}");
    assert!(said.contains("after 20002\n"), "{said}");
}

#[test]
fn a_read_only_disk_refuses_the_import_and_still_serves() {
    let folder = TempDir::new().unwrap();
    let (source, disk) = (folder.path().join("one.csv"), folder.path().join("disk"));
    fs::write(&source, "name,lon,lat\n一处,113.5,23.1\n").unwrap();
    fs::create_dir(&disk).unwrap();
    let said = on_a_disk_of_its_own(
        &disk,
        &format!(
            r#"
            mount -t tmpfs -o size=200m tmpfs "$disk"
            cp {village} "$disk/v.gpkg"
            mount -o remount,ro "$disk"
            set +e
            "$yizhangtu" import {source} --into "$disk/v.gpkg" --layer place 2>&1; echo "code $?"
            "$yizhangtu" import {source} --into "$disk/new.gpkg" --layer place 2>&1; echo "new code $?"
            set -e
            "$yizhangtu" export "$disk/v.gpkg" --layer grid -o {folder}/grids.csv 2>&1
            echo "grids $(wc -l < {folder}/grids.csv)"
            "#,
            village = village("donghua").display(),
            source = source.display(),
            folder = folder.path().display(),
        ),
    );
    assert!(
        said.contains("\ncode 1\n") && said.contains("new code 1\n"),
        "{said}"
    );
    assert_eq!(said.matches("文件或所在磁盘只读").count(), 2, "{said}");
    assert!(said.contains("grids 8\n"), "{said}");
}
