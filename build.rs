//! Tells cargo to look for new scenario folders: the embedding macro sees known files only.

fn main() {
    println!("cargo:rerun-if-changed=scenarios");
}
