//! Compiled components on disk, so that a start takes milliseconds instead of most of a second.
//!
//! What is read back from here runs as native code. So the folder must be ours alone, and each file carries a digest.

use sha2::{Digest, Sha256};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Files kept; the least recently used go first. Each has about 2 MiB.
const KEPT: usize = 32;

/// Counts up when the layout of the files changes.
const LAYOUT: &[u8] = b"portcullis compiled component 1";

/// What became of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cached {
    /// Compiled by an earlier run.
    Hit,
    /// Compiled now and kept.
    Stored,
    /// Compiled now and not kept; says why.
    Off(String),
}

/// A folder that only we can write, or nothing.
#[derive(Debug)]
pub(super) struct Cache(Result<PathBuf, String>);

impl Cache {
    /// The given folder, or `$XDG_CACHE_HOME/portcullis`, or `~/.cache/portcullis`. Never an error: without a usable
    /// folder everything is compiled.
    pub(super) fn open(folder: Option<&Path>) -> Self {
        let folder = folder.map(Path::to_owned).or_else(default_folder);
        Self(match folder {
            None => Err("there is no cache folder (neither XDG_CACHE_HOME nor HOME is set)".to_owned()),
            Some(folder) => private::prepare(&folder).map(|()| folder),
        })
    }

    /// The compilation of `bytes` by an engine like this one.
    pub(super) fn get(&self, engine: &Engine, bytes: &[u8]) -> Option<Component> {
        let path = self.0.as_ref().ok()?.join(file_name(engine, bytes));
        let content = private::read(&path)?;
        let (digest, image) = content.split_at_checked(32)?;
        if Sha256::digest(image).as_slice() != digest {
            let _ = std::fs::remove_file(&path);
            return None;
        }
        let component = deserialize(engine, image)?;
        touch(&path);
        Some(component)
    }

    /// Keep a compilation. Written beside and renamed, so that nobody reads half a file.
    pub(super) fn put(&self, engine: &Engine, bytes: &[u8], component: &Component) -> Cached {
        let folder = match &self.0 {
            Ok(folder) => folder,
            Err(why) => return Cached::Off(why.clone()),
        };
        let stored = component.serialize().map_err(|error| format!("{error:#}")).and_then(|image| {
            let mut content = Sha256::digest(&image).to_vec();
            content.extend_from_slice(&image);
            private::write(folder, &file_name(engine, bytes), &content)
                .map_err(|error| format!("cannot write to {}: {error}", folder.display()))
        });
        match stored {
            Ok(()) => {
                prune(folder);
                Cached::Stored
            }
            Err(why) => Cached::Off(why),
        }
    }
}

/// Machine code back from bytes.
#[expect(unsafe_code, reason = "wasmtime cannot prove that bytes are its own output; see SAFETY")]
fn deserialize(engine: &Engine, image: &[u8]) -> Option<Component> {
    // SAFETY: the bytes must be what `Component::serialize` of this wasmtime version made. They come from a file of ours
    // (owner checked, nobody else may write) in a folder of ours (same check), under a name made of wasmtime's own
    // compatibility hash and the component's digest, and match the digest stored with them, so they are also whole.
    // wasmtime itself refuses images of other versions and settings.
    unsafe { Component::deserialize(engine, image) }.ok()
}

/// Digest of everything that machine code depends on: layout, wasmtime and its settings, the CPU, the component.
fn file_name(engine: &Engine, bytes: &[u8]) -> String {
    struct Feed(Sha256);
    impl Hasher for Feed {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut feed = Feed(Sha256::new_with_prefix(LAYOUT));
    engine.precompile_compatibility_hash().hash(&mut feed);
    feed.0.update(Sha256::digest(bytes));
    format!("{}.cwasm", hex(&feed.0.finalize()))
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn default_folder() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    base.is_absolute().then(|| base.join("portcullis"))
}

fn touch(path: &Path) {
    let _ = std::fs::File::options()
        .append(true)
        .open(path)
        .and_then(|file| file.set_modified(std::time::SystemTime::now()));
}

/// Remove all but the newest files. Best effort: two programs may do it at once.
fn prune(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut files: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "cwasm"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.0));
    for (_, path) in files.into_iter().skip(KEPT) {
        let _ = std::fs::remove_file(path);
    }
}

/// Files and folders that nobody else can write.
#[cfg(unix)]
mod private {
    use std::fs::{DirBuilder, File, Metadata, OpenOptions};
    use std::io::{Error, Read, Write};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
    use std::path::Path;

    /// Make the folder, or check that it is a real folder, ours, and closed to everyone else.
    pub(super) fn prepare(folder: &Path) -> Result<(), String> {
        let shown = folder.display();
        if let Err(error) = DirBuilder::new().recursive(true).mode(0o700).create(folder) {
            return Err(format!("cannot make the cache folder {shown}: {error}"));
        }
        let metadata = folder.symlink_metadata().map_err(|error| format!("cannot look at {shown}: {error}"))?;
        if !metadata.is_dir() {
            return Err(format!("the cache folder {shown} is not a folder"));
        }
        if !is_ours(&metadata) || metadata.mode() & 0o077 != 0 {
            return Err(format!("the cache folder {shown} is open to other users; type: chmod 700 {shown}"));
        }
        Ok(())
    }

    /// The content, if the file is ours and nobody else may write it.
    pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
        let mut file = File::open(path).ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || !is_ours(&metadata) || metadata.mode() & 0o022 != 0 {
            return None;
        }
        let mut content = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
        file.read_to_end(&mut content).ok()?;
        Some(content)
    }

    pub(super) fn write(folder: &Path, name: &str, content: &[u8]) -> Result<(), Error> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| Error::other(error.to_string()))?;
        let temporary = folder.join(format!("{}.part", super::hex(&random)));
        let result = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .and_then(|mut file| file.write_all(content))
            .and_then(|()| std::fs::rename(&temporary, folder.join(name)));
        if result.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        result
    }

    fn is_ours(metadata: &Metadata) -> bool {
        metadata.uid() == rustix::process::geteuid().as_raw()
    }
}

/// Without Unix permissions there is no cheap proof that a file is ours, so nothing is kept.
#[cfg(not(unix))]
mod private {
    use std::path::Path;

    pub(super) fn prepare(_folder: &Path) -> Result<(), String> {
        Err("compiled components are kept on Unix only".to_owned())
    }

    pub(super) fn read(_path: &Path) -> Option<Vec<u8>> {
        None
    }

    pub(super) fn write(_folder: &Path, _name: &str, _content: &[u8]) -> Result<(), std::io::Error> {
        Ok(())
    }
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "helpers of tests")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn tiny() -> (&'static Engine, Vec<u8>, Component) {
        let engine = super::super::engine::shared().unwrap();
        let bytes = b"\0asm\x0d\0\x01\0".to_vec();
        let component = Component::from_binary(engine, &bytes).unwrap();
        (engine, bytes, component)
    }

    #[test]
    fn the_folder_is_made_private_and_a_second_run_hits() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        let (engine, bytes, component) = tiny();
        let cache = Cache::open(Some(&folder));
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(cache.get(engine, &bytes).is_none());
        assert_eq!(cache.put(engine, &bytes, &component), Cached::Stored);
        assert!(Cache::open(Some(&folder)).get(engine, &bytes).is_some());
        assert!(cache.get(engine, b"other").is_none());
    }

    #[test]
    fn a_folder_open_to_others_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let (engine, bytes, component) = tiny();
        for mode in [0o755, 0o770, 0o707, 0o702] {
            set_mode(folder.path(), mode);
            let cached = Cache::open(Some(folder.path())).put(engine, &bytes, &component);
            assert!(matches!(cached, Cached::Off(why) if why.contains("chmod 700")), "{mode:o}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_link_to_a_folder_is_not_used() {
        let parent = tempfile::tempdir().unwrap();
        let real = parent.path().join("real");
        std::fs::create_dir(&real).unwrap();
        set_mode(&real, 0o700);
        let link = parent.path().join("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(Cache::open(Some(&link)).0.is_err());
    }

    #[test]
    fn a_damaged_or_shared_file_is_compiled_again() {
        let folder = tempfile::tempdir().unwrap();
        set_mode(folder.path(), 0o700);
        let (engine, bytes, component) = tiny();
        let cache = Cache::open(Some(folder.path()));
        let file = folder.path().join(file_name(engine, &bytes));
        for damage in [0, 31, 32, 100] {
            assert_eq!(cache.put(engine, &bytes, &component), Cached::Stored);
            let mut content = std::fs::read(&file).unwrap();
            content[damage] ^= 1;
            std::fs::write(&file, content).unwrap();
            assert!(cache.get(engine, &bytes).is_none(), "byte {damage}");
        }
        assert_eq!(cache.put(engine, &bytes, &component), Cached::Stored);
        let content = std::fs::read(&file).unwrap();
        std::fs::write(&file, &content[..content.len() / 2]).unwrap();
        assert!(cache.get(engine, &bytes).is_none(), "half a file");
        assert_eq!(cache.put(engine, &bytes, &component), Cached::Stored);
        set_mode(&file, 0o666);
        assert!(cache.get(engine, &bytes).is_none(), "a file that others may write");
    }

    #[test]
    fn old_files_go() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..KEPT + 5 {
            std::fs::write(folder.path().join(format!("{number}.cwasm")), "").unwrap();
        }
        std::fs::write(folder.path().join("notes.txt"), "").unwrap();
        prune(folder.path());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), KEPT + 1);
    }
}
