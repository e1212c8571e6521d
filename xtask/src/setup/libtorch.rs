//! libtorch 2.11 for the processor, from PyTorch's wheel: what linking and running need, and nothing else.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    download::{Wheel, extract},
    empty_folder, move_into_place,
};
use crate::{checkout::Checkout, progress::say};

const VERSION: &str = "2.11.0";
/// Versions of an operator's libtorch that tch's bridge compiles against.
const ACCEPTED: &str = "2.11.";

const TORCH: Wheel = Wheel {
    requirement: "torch==2.11.0",
    file: "torch-2.11.0-cp311-cp311-manylinux_2_28_x86_64.whl",
    size: 530_604_548,
    sha256: "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a",
};
// PyTorch's wheel is made for CUDA: even its library for the processor links to these two.
const CUDA_RUNTIME: Wheel = Wheel {
    requirement: "nvidia-cuda-runtime==13.0.96",
    file: "nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    size: 2_243_632,
    sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
};
const CUPTI: Wheel = Wheel {
    requirement: "nvidia-cuda-cupti==13.0.85",
    file: "nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl",
    size: 10_715_597,
    sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
};

/// The libraries, by wheel and the wheel's folder.
const LIBRARIES: [(Wheel, &str, &[&str]); 3] = [
    (CUDA_RUNTIME, "nvidia/cu13/lib", &["libcudart.so.13"]),
    (CUPTI, "nvidia/cu13/lib", &["libcupti.so.13"]),
    (TORCH, "torch/lib", &["libtorch_cpu.so", "libc10.so", "libgomp.so.1"]),
];

/// Makes libtorch ready. Returns its state in a few words.
pub(super) fn install(checkout: &Checkout) -> Result<String> {
    if let Some(folder) = checkout.operators_libtorch() {
        let version = operators_version(folder)?;
        return Ok(format!("{version} in {}, from LIBTORCH", folder.display()));
    }
    let folder = checkout.own_libtorch();
    if is_complete(&folder) {
        return Ok(format!("{VERSION} is ready"));
    }
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")),
        "libtorch can be downloaded for Linux with glibc on x86-64 only; install PyTorch {VERSION} and set LIBTORCH to \
         the absolute path of its `torch` folder"
    );
    let partial = folder.with_extension("partial");
    empty_folder(&partial)?;
    let mut wheels = Vec::new();
    for (wheel, source, libraries) in LIBRARIES {
        let path = wheel.fetch(checkout)?;
        let mut rules: Vec<_> = libraries.iter().map(|name| format!("{source}/{name}=lib/{name}")).collect();
        if wheel.file == TORCH.file {
            rules.push("torch/include/=include/".to_owned());
        }
        say(format_args!("unpacking {}", wheel.requirement));
        extract(&path, &partial, &rules)?;
        wheels.push(path);
    }
    finish(&partial, &folder)?;
    for path in wheels {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(format!("{VERSION} installed in {}", folder.display()))
}

/// Writes what is not in the wheels, and moves the folder to its place.
fn finish(partial: &Path, folder: &Path) -> Result<()> {
    let write = |name: &str, text: &str| {
        let path = partial.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    // tch links `torch`. PyTorch's own libtorch.so adds its CUDA libraries, which would have to be there then.
    write("lib/libtorch.so", "INPUT(libtorch_cpu.so)\n")?;
    // torch-sys compares it with the version it was made for.
    write("build-version", &format!("{VERSION}\n"))?;
    move_into_place(partial, folder)
}

fn is_complete(folder: &Path) -> bool {
    let version = fs::read_to_string(folder.join("build-version")).unwrap_or_default();
    let libraries = LIBRARIES.iter().flat_map(|(_, _, names)| names.iter()).chain(&["libtorch.so"]);
    version.trim() == VERSION
        && folder.join("include").is_dir()
        && libraries.into_iter().all(|name| folder.join("lib").join(name).is_file())
}

/// The version of a libtorch that this project can be built with.
fn operators_version(folder: &Path) -> Result<String> {
    for part in ["include", "lib"] {
        let path = folder.join(part);
        ensure!(path.is_dir(), "LIBTORCH is {}, but there is no folder {}", folder.display(), path.display());
    }
    // As in the archives of pytorch.org, in the installed Python package, and in the headers of both.
    for (file, start, end) in [
        ("build-version", "", "\n"),
        ("version.py", "__version__ = '", "'"),
        ("include/torch/headeronly/version.h", "#define TORCH_VERSION \\\n  \"", "\""),
    ] {
        let Ok(text) = fs::read_to_string(folder.join(file)) else { continue };
        let Some((_, rest)) = text.split_once(start) else { continue };
        let version = rest.split(end).next().unwrap_or(rest).trim();
        ensure!(
            version.starts_with(ACCEPTED),
            "LIBTORCH is {}, which is version {version}; {ACCEPTED}x is needed. Unset LIBTORCH to have it downloaded",
            folder.display()
        );
        return Ok(version.to_owned());
    }
    bail!("LIBTORCH is {}, but nothing there tells its version; is it libtorch's folder?", folder.display())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn each_way_of_telling_the_version_is_understood() {
        let lib = ("lib/libtorch.so", "");
        let header = ("include/torch/headeronly/version.h", "#define TORCH_VERSION \\\n  \"2.11.0\"\n");
        for (file, version) in [
            (("build-version", "2.11.0+cu130\n"), "2.11.0+cu130"),
            (("version.py", "__all__ = []\n__version__ = '2.11.1+cpu'\ndebug = False\n"), "2.11.1+cpu"),
            (("README", ""), "2.11.0"),
        ] {
            let folder = folder_with(&[lib, header, file]);
            assert_eq!(operators_version(folder.path()).unwrap(), version);
        }
    }

    #[test]
    fn another_version_or_another_folder_is_refused_by_name() {
        let include = ("include/torch/torch.h", "");
        let old = folder_with(&[include, ("lib/libtorch.so", ""), ("build-version", "2.9.1+cpu\n")]);
        let error = operators_version(old.path()).unwrap_err().to_string();
        assert!(error.contains("version 2.9.1+cpu") && error.contains("2.11.x is needed"), "{error}");

        let error = operators_version(folder_with(&[include]).path()).unwrap_err().to_string();
        assert!(error.contains("there is no folder"), "{error}");

        let unknown = folder_with(&[include, ("lib/libtorch.so", "")]);
        let error = operators_version(unknown.path()).unwrap_err().to_string();
        assert!(error.contains("nothing there tells its version"), "{error}");
    }

    #[test]
    fn a_half_done_folder_does_not_count_and_a_finished_one_does() {
        let root = tempfile::tempdir().unwrap();
        let (partial, folder) = (root.path().join("libtorch.partial"), root.path().join("libtorch"));
        fs::create_dir_all(partial.join("include")).unwrap();
        fs::create_dir_all(partial.join("lib")).unwrap();
        for name in LIBRARIES.iter().flat_map(|(_, _, names)| names.iter()) {
            assert!(!is_complete(&partial));
            fs::write(partial.join("lib").join(name), "").unwrap();
        }
        assert!(!is_complete(&partial));
        finish(&partial, &folder).unwrap();
        assert!(is_complete(&folder));

        fs::remove_file(folder.join("lib/libc10.so")).unwrap();
        assert!(!is_complete(&folder));
    }
}
