//! Random options of path-to-regexp.

use crate::random::Random;
use crate::reference::route::Options;

/// The defaults in most cases; any of them may differ.
pub fn options(random: &mut Random) -> Options {
    let mut options = Options::default();
    if random.chance(60) {
        return options;
    }
    options.strict = random.chance(40);
    options.start = random.chance(75);
    options.end = random.chance(60);
    options.delimiter = random.weighted(&[(50, "/#?"), (25, "/"), (10, "."), (5, "-."), (5, " "), (5, "é")]).to_owned();
    options.prefixes = random.weighted(&[(70, "./"), (10, ""), (10, "-"), (10, "/é")]).to_owned();
    options.ends_with = random.weighted(&[(75, ""), (15, "?"), (10, "x.")]).to_owned();
    options
}
