//! Reading with patience, and with limits.

use super::*;

#[test]
fn places_are_known() {
    let node = parse(b"clusters:\n- name: a\n  cluster: {server: 'https://a', n: 1, b: true, z: ~}\n").ok().unwrap();
    let item = &node.get("clusters").unwrap().items()[0];
    let server = item.get("cluster").unwrap().get("server").unwrap();
    assert_eq!((server.at.as_pair(), server.as_text()), ((3, 21), Some("https://a")));
    assert!(item.get("cluster").unwrap().says("b") && !item.get("cluster").unwrap().has("z"));
}

#[test]
fn what_would_cost_too_much_is_refused() {
    let deep = format!("a: {}", "[".repeat(100_000));
    let large = vec![b'a'; MAX_VALUE_BYTES + 1];
    for (text, why) in [
        (b"a: &x [1]\nb: *x\n".as_slice(), "it holds an anchor or an alias"),
        (b"a: 1\na: 2\n", "it says a field twice"),
        (b"a: 1\n---\nb: 1\n", "it holds several documents"),
        (b"a: !!python/object:os.system x\n", "it holds a tag"),
        (b"\xff\xfe", "it is not text (UTF-8)"),
        (&large, "it is larger than 1 MiB, which no Secret holds"),
        (deep.as_bytes(), "it "),
    ] {
        let fault = parse(text).err().unwrap_or_else(|| panic!("{why}"));
        assert!(fault.to_string().starts_with(why), "{fault}");
    }
}
