//! Letters of paths, and which of them nobody tells apart.

/// What a canonical path holds raw (`request::target`), the nicest first: of letters that nobody tells apart the first one
/// stands for all, and of two words equally short the one with nicer letters is found.
const NICEST: &[u8] = b"xyzabcdefghijklmnopqrstuvw1234567890-_/.XYZABCDEFGHIJKLMNOPQRSTUVW~%@+,:;=!$&'()*[]|";

/// One letter of each kind, the nicest first. Two letters are of one kind if every one of `sets` takes both or neither.
pub(super) fn kinds(sets: impl Iterator<Item = u128>) -> Vec<u8> {
    let all = NICEST.iter().fold(0u128, |all, letter| all | 1 << letter);
    let mut kinds = vec![all];
    for set in sets {
        for at in 0..kinds.len() {
            if let Some(kind) = kinds.get_mut(at)
                && *kind & set != 0
                && *kind & !set != 0
            {
                let outside = *kind & !set;
                *kind &= set;
                kinds.push(outside);
            }
        }
    }
    NICEST
        .iter()
        .copied()
        .filter(|letter| {
            // The first one of its kind?
            let at = kinds.iter().position(|kind| kind >> letter & 1 == 1);
            at.is_some_and(|at| {
                if let Some(kind) = kinds.get_mut(at) {
                    *kind = 0;
                }
                true
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_for_each_kind() {
        assert_eq!(kinds(std::iter::empty()), b"x");
        let set = |text: &str| text.bytes().fold(0u128, |set, letter| set | 1 << letter);
        assert_eq!(kinds([set("/"), set("xyz"), set("za")].into_iter()), b"xzab/");
        // What no path holds is no kind.
        assert_eq!(kinds([set("\n#")].into_iter()), b"x");
    }
}
