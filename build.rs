//! Tells cargo to look for new files in embedded folders: the embedding macro sees known ones only.

fn main() {
    for folder in ["scenarios", "src/api/openapi/recorded"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
