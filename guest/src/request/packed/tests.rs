use super::*;
use proptest::prelude::*;

/// Written here once more, as the contract says it: the reader is held against words, not against the host's writer.
fn packed(head: &Head) -> Vec<u8> {
    fn bytes(packed: &mut Vec<u8>, bytes: &[u8]) {
        packed.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        packed.extend(bytes);
    }
    let mut packed = vec![1];
    packed.extend(head.now.to_le_bytes());
    for text in [&head.method, &head.scheme, &head.authority, &head.client] {
        bytes(&mut packed, text.as_bytes());
    }
    bytes(&mut packed, &head.target);
    packed.extend(u32::try_from(head.headers.len()).unwrap().to_le_bytes());
    for (name, value) in &head.headers {
        bytes(&mut packed, name.as_bytes());
        bytes(&mut packed, value);
    }
    packed
}

fn head() -> Head {
    Head {
        method: "GET".to_owned(),
        scheme: "https".to_owned(),
        authority: "app.example.test".to_owned(),
        target: b"/a?b".to_vec(),
        headers: vec![("accept".to_owned(), b"text/html".to_vec()), ("cookie".to_owned(), b"a=\xe9".to_vec())],
        client: "127.0.0.1".to_owned(),
        now: -1,
    }
}

fn fault(bytes: &[u8]) -> String {
    Head::unpack(bytes).unwrap_err().to_string()
}

#[test]
fn what_is_wrong_and_where() {
    let good = packed(&head());
    assert_eq!(fault(b""), "a packed head with too few bytes at byte 0");
    assert_eq!(fault(&[&[2], &good[1..]].concat()), "a packed head with an unknown version at byte 0");
    assert_eq!(fault(&good[..5]), "a packed head with too few bytes at byte 1");
    assert_eq!(
        fault(&[&good[..], b"x"].concat()),
        format!("a packed head with bytes left over at byte {}", good.len())
    );
    // The method is at byte 13: a length of 3, then its bytes.
    assert_eq!(
        fault(&[&good[..13], b"\xff", &good[14..]].concat()),
        "a packed head with text that is not UTF-8 at byte 13"
    );
    let mut none = head();
    none.headers.clear();
    let mut many = packed(&none);
    let count = many.len() - 4;
    many[count..].fill(0xff);
    assert_eq!(fault(&many), format!("a packed head with more headers than bytes at byte {count}"));
}

#[test]
fn a_head_cut_short_anywhere_is_refused() {
    let good = packed(&head());
    for end in 0..good.len() {
        assert!(Head::unpack(&good[..end]).is_err(), "{end}");
    }
}

#[test]
fn a_flood_is_not_kept() {
    let mut filled = Head::default();
    let flood = Head { headers: vec![("cookie".to_owned(), vec![b'a'; 2 * KEPT])], ..head() };
    filled.refill(&packed(&flood)).unwrap();
    filled.refill(&packed(&head())).unwrap();
    assert!(filled.room() < KEPT, "{}", filled.room());
}

fn heads() -> impl Strategy<Value = Head> {
    let lines = prop::collection::vec((any::<String>(), any::<Vec<u8>>()), 0..5);
    let texts = (any::<String>(), any::<String>(), any::<String>(), any::<String>());
    (texts, any::<Vec<u8>>(), lines, any::<i64>()).prop_map(
        |((method, scheme, authority, client), target, headers, now)| Head {
            method,
            scheme,
            authority,
            target,
            headers,
            client,
            now,
        },
    )
}

proptest! {
    #[test]
    fn a_packed_head_reads_as_it_was(head in heads()) {
        prop_assert_eq!(Head::unpack(&packed(&head)), Ok(head));
    }

    /// Whatever a head held before, even half of a broken one, nothing of it is left.
    #[test]
    fn a_head_filled_again_is_as_new(heads in prop::collection::vec((heads(), any::<Option<u16>>()), 1..6)) {
        let mut filled = Head::default();
        for (head, cut) in heads {
            let bytes = packed(&head);
            let end = cut.map_or(bytes.len(), |cut| usize::from(cut) % bytes.len());
            let read = filled.refill(&bytes[..end]);
            prop_assert_eq!(read.is_ok(), end == bytes.len());
            if read.is_ok() {
                prop_assert_eq!(&filled, &head);
            }
        }
    }

    /// There is one way to write a head: whatever can be read is what would be written.
    #[test]
    fn what_can_be_read_is_written_alike(head in heads(), changes in prop::collection::vec(any::<(u16, u8)>(), 1..4)) {
        let mut bytes = packed(&head);
        for (at, byte) in changes {
            let at = usize::from(at) % bytes.len();
            bytes[at] = byte;
        }
        if let Ok(read) = Head::unpack(&bytes) {
            prop_assert_eq!(packed(&read), bytes);
        }
    }

    #[test]
    fn nonsense_is_no_head_and_no_panic(bytes in any::<Vec<u8>>()) {
        if let Ok(read) = Head::unpack(&bytes) {
            prop_assert_eq!(packed(&read), bytes);
        }
    }
}
