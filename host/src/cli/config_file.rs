//! Which config: the file that was named, the one in this folder, or one built from flags.

use super::exit::{Exit, Stop};
use crate::contract::ConfigFormat;
use crate::gate::ConfigSource;
use std::path::{Path, PathBuf};

/// Files that are looked for in the current folder, in this order.
const USUAL: [&str; 3] = ["portcullis.toml", "portcullis.json", "portcullis.jsonc"];

/// Largest config text in bytes, as `load` of the contract says.
const LARGEST: u64 = 1024 * 1024;

/// The named file, or the usual one; `None`: nothing was named and there is none.
pub(super) fn find(named: Option<&Path>) -> Option<PathBuf> {
    match named {
        Some(path) => Some(path.to_owned()),
        None => USUAL.iter().map(PathBuf::from).find(|path| path.is_file()),
    }
}

/// Read the named file or the usual one.
pub(super) fn read(named: Option<&Path>) -> Result<ConfigSource, Stop> {
    let Some(path) = find(named) else {
        return Err(Stop::new(
            Exit::Usage,
            format!(
                "there is no config: `{}` is not in this folder\n  \
                 give one with `--config FILE`, or start from `examples/quick/portcullis.toml`",
                USUAL[0]
            ),
        ));
    };
    read_file(&path)
}

/// Read that file. The form follows its name.
pub(super) fn read_file(path: &Path) -> Result<ConfigSource, Stop> {
    let name = path.display().to_string();
    let problem = |what: &str| Stop::new(Exit::Usage, format!("config `{name}` {what}"));
    let about = std::fs::metadata(path).map_err(|error| problem(&format!("cannot be read: {error}")))?;
    if about.is_dir() {
        return Err(problem("is a folder; name the file in it"));
    }
    if about.len() > LARGEST {
        return Err(problem("is larger than 1 MiB, the limit for a policy; is it the right file?"));
    }
    let bytes = std::fs::read(path).map_err(|error| problem(&format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        problem(&format!("is not UTF-8 text (byte {}); save it as UTF-8", error.utf8_error().valid_up_to()))
    })?;
    let format = match path.extension().and_then(|extension| extension.to_str()) {
        Some("json" | "jsonc") => ConfigFormat::Json,
        _ => ConfigFormat::Toml,
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(ConfigSource { name, text, format, folder: folder.to_owned() })
}
