//! Lets the package's programs and tests find libtorch without LD_LIBRARY_PATH.

fn main() {
    if let Ok(directory) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{directory}");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
