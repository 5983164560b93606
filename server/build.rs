//! Has the page embedded anew when it was built anew.

fn main() {
    // Other profiles read the page from its folder while they run.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../frontend/dist");
    } else {
        println!("cargo::rerun-if-changed=build.rs");
    }
}
