//! Other names under which Next.js serves the same page: data paths, payload tails, locale prefixes, the base path.

use super::NextConfig;
use super::url::data_path;

/// A path that is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Where it comes from: `canonical`, `data`, `without locale`…
    pub name: &'static str,
    /// The path.
    pub path: String,
    /// Another reading stands for it: it counts only if a route names it. (`/fr/about` is `/about` to Next.js; `default`
    /// has nothing to say about the longer name.)
    pub weak: bool,
}

/// Tails of payload requests, longest first; `.segments/….segment.rsc` is cut before its first dot.
const TAILS: [&str; 2] = [".prefetch.rsc", ".rsc"];

impl NextConfig {
    /// `reading` and all that Next.js takes for the same page, the name that rules are written for first among equals.
    /// Never empty.
    pub fn readings(&self, reading: Reading) -> Vec<Reading> {
        // Rules are written without the base path, and nothing but the base path is in the way.
        let mut all = vec![match self.below_base(&reading.path) {
            Some(inside) => Reading { path: inside.to_owned(), name: "without base path", ..reading },
            None => reading,
        }];
        let mut next = 0;
        while let Some(reading) = all.get(next) {
            let instead = data(&reading.path)
                .map(|page| ("data", page))
                .or_else(|| self.locale(&reading.path).map(|(_, rest)| ("without locale", rest.to_owned())))
                .or_else(|| (reading.path == "/index" && next > 0).then(|| ("index", "/".to_owned())));
            let beside = tail(&reading.path).map(|page| ("without payload tail", page.to_owned()));
            if instead.is_some()
                && let Some(reading) = all.get_mut(next)
            {
                reading.weak = true;
            }
            for (name, path) in instead.into_iter().chain(beside) {
                if !all.iter().any(|known| known.path == path) {
                    all.push(Reading { name, path, weak: false });
                }
            }
            next += 1;
        }
        all
    }
}

/// The page of a data path, which may stand behind one segment more (a locale; CVE-2026-44573). Letters of `_next/data`
/// are compared without case: the stricter reading for servers that do not care.
fn data(path: &str) -> Option<String> {
    const DATA: &str = "/_next/data/";
    let at = (0..path.len()).find(|&at| path.get(at..at + DATA.len()).is_some_and(|p| p.eq_ignore_ascii_case(DATA)))?;
    if path.get(1..at).is_some_and(|before| before.contains('/')) {
        return None;
    }
    // Without `.json` it is nothing to Next.js; a server that takes parameters or tails off first may see one.
    let inside = path.get(at + DATA.len()..)?;
    let inside = inside.strip_suffix('/').unwrap_or(inside);
    let end = inside.len().saturating_sub(".json".len());
    let has_tail = inside.get(end..).is_some_and(|tail| tail.eq_ignore_ascii_case(".json"));
    let inside = inside.get(..end).filter(|_| has_tail).unwrap_or(inside);
    data_path(&format!("{DATA}{inside}.json")).map(|(_, page)| page)
}

/// The page of a path with a payload tail. Case and a slash at the end do not count: the stricter reading.
fn tail(path: &str) -> Option<&str> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let lower = path.to_ascii_lowercase();
    let segments = lower.find(".segments/").filter(|_| lower.ends_with(".segment.rsc"));
    let end = segments.or_else(|| TAILS.iter().find_map(|tail| lower.strip_suffix(tail)).map(str::len))?;
    path.get(..end).filter(|page| page.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(config: &NextConfig, path: &str) -> Vec<(String, bool)> {
        let reading = Reading { name: "canonical", path: path.to_owned(), weak: false };
        config.readings(reading).into_iter().map(|reading| (reading.path, reading.weak)).collect()
    }

    fn strong(path: &str) -> (String, bool) {
        (path.to_owned(), false)
    }

    fn weak(path: &str) -> (String, bool) {
        (path.to_owned(), true)
    }

    #[test]
    fn ordinary_paths_have_one_name() {
        for path in ["/", "/account", "/index", "/_next/static/x.js", "/rsc", "/.rsc", "/a/b/_next/data/x/y.json"] {
            assert_eq!(readings(&NextConfig::default(), path), [strong(path)], "{path}");
        }
    }

    #[test]
    fn data_paths_stand_for_their_page() {
        let config = NextConfig::default();
        for (path, page) in [
            ("/_next/data/build-1/account.json", "/account"),
            ("/_next/data/b/index.json", "/"),
            ("/_next/data/b/a/b.json", "/a/b"),
            ("/fr/_next/data/b/account.json", "/account"),
            ("/_NEXT/data/b/account.json", "/account"),
            ("/_next/data/b/account.JSON/", "/account"),
            ("/_next/data/b/account", "/account"),
        ] {
            assert_eq!(readings(&config, path), [weak(path), strong(page)], "{path}");
        }
    }

    #[test]
    fn payload_tails_are_judged_beside_the_path() {
        let config = NextConfig::default();
        for (path, page) in [
            ("/account.rsc", "/account"),
            ("/account.prefetch.rsc", "/account"),
            ("/account.RSC/", "/account"),
            ("/account.segments/__PAGE__.segment.rsc", "/account"),
            ("/account.segments/a/b.segment.rsc", "/account"),
        ] {
            let readings = readings(&config, path);
            assert!(readings.contains(&strong(path)) && readings.contains(&strong(page)), "{path}: {readings:?}");
        }
        assert!(readings(&config, "/index.rsc").contains(&strong("/")));
    }

    #[test]
    fn locales_and_the_base_path_are_taken_off() {
        let config = NextConfig {
            base_path: "/base".to_owned(),
            locales: vec!["en".to_owned(), "fr-FR".to_owned()],
            ..NextConfig::default()
        };
        assert_eq!(readings(&config, "/base/en/account"), [weak("/en/account"), strong("/account")]);
        assert_eq!(readings(&config, "/base/FR-fr"), [weak("/FR-fr"), strong("/")]);
        assert_eq!(readings(&config, "/base"), [strong("/")]);
        assert_eq!(readings(&config, "/basement"), [strong("/basement")]);
        assert_eq!(
            readings(&config, "/base/en/_next/data/b/fr-fr/account.json"),
            [weak("/en/_next/data/b/fr-fr/account.json"), weak("/fr-fr/account"), strong("/account")]
        );
    }

    proptest::proptest! {
        /// Some reading always counts by itself, and each stands there once: were all of them weak, no rule would be asked.
        #[test]
        fn one_reading_always_counts(
            pieces in proptest::collection::vec(proptest::sample::select(vec![
                "/", "/en", "/FR", "/_next/data/b", "/index", ".json", ".rsc", ".segments/a.segment.rsc", "/base", "/a", "en",
            ]), 0..7),
        ) {
            let locales = vec!["en".to_owned(), "fr".to_owned()];
            let config = NextConfig { base_path: "/base".to_owned(), locales, ..NextConfig::default() };
            let path = format!("/{}", pieces.concat());
            let found = readings(&config, &path);
            proptest::prop_assert!(found.iter().any(|(_, weak)| !weak), "{}: {:?}", path, found);
            for (number, (path, _)) in found.iter().enumerate() {
                proptest::prop_assert!(path.starts_with('/'), "{:?}", found);
                proptest::prop_assert!(!found.iter().skip(number + 1).any(|(other, _)| other == path), "{:?}", found);
            }
        }
    }
}
