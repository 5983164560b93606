//! A catalog file that is added or removed makes the crate build again, which
//! `include_dir` alone would not notice.

fn main() {
    println!("cargo:rerun-if-changed=catalog");
}
