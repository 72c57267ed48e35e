//! Inputs: kubeconfigs of our own with any values, and files of the corpus, mixed and mangled.

use kubectl_tapmc::registration::{credential::Token, kubeconfig::Endpoint, names::Name};
use proptest::{collection::vec, option, prelude::*, sample::Index};

/// Pieces that mean something to a YAML parser or to a kubeconfig's reader.
const PIECES: [&str; 44] = [
    "exec:",
    "tokenFile: /canary\n",
    "certificate-authority: /canary\n",
    "insecure-skip-tls-verify: true\n",
    "proxy-url:",
    "auth-provider: {name: canary}\n",
    "token: ",
    "server: ",
    "clusters:\n",
    "users:\n",
    "contexts:\n",
    "name: ",
    "&a ",
    "*a",
    "<<: ",
    "---\n",
    "...\n",
    "!!binary ",
    "!!str ",
    "!canary ",
    "|\n",
    ">-\n",
    "|2+\n",
    "? ",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "#",
    "\"",
    "'",
    "\\",
    "\t",
    "\r\n",
    "\u{0}",
    "\u{202e}",
    "\u{feff}",
    "\u{2028}",
    "%YAML 1.1\n",
    "null",
    "https://canary@",
];

/// How much a change may add: more than a kubeconfig may be, and no more than a machine can hold when one line
/// without an end is repeated again and again.
const LARGEST: usize = 4 << 20;

/// One change of a text.
#[derive(Debug, Clone)]
enum Mangling {
    Insert(Index, &'static str, usize),
    Overwrite(Index, u8),
    Cut(Index, usize),
    RepeatLine(Index, usize),
    SwapLines(Index, Index),
    DropLine(Index),
    Indent(Index, usize),
    Splice(Index, Index, Index),
}

/// A file of the corpus after a few changes.
pub fn of_corpus(corpus: Vec<(String, Vec<u8>)>) -> impl Strategy<Value = Vec<u8>> {
    let files: Vec<Vec<u8>> = corpus.into_iter().map(|(_, bytes)| bytes).collect();
    (any::<Index>(), vec(mangling(), 0..6)).prop_map(move |(file, manglings)| {
        let mut bytes = file.get(&files).clone();
        for mangling in manglings {
            bytes = mangled(bytes, &mangling, &files);
        }
        bytes
    })
}

fn mangling() -> impl Strategy<Value = Mangling> {
    let index = any::<Index>;
    prop_oneof![
        4 => (index(), prop::sample::select(&PIECES[..]), prop_oneof![9 => Just(1_usize), 1 => 2_usize..3_000])
            .prop_map(|(at, piece, times)| Mangling::Insert(at, piece, times)),
        2 => (index(), any::<u8>()).prop_map(|(at, byte)| Mangling::Overwrite(at, byte)),
        2 => (index(), 1_usize..80).prop_map(|(at, length)| Mangling::Cut(at, length)),
        2 => (index(), prop_oneof![9 => Just(1_usize), 1 => 2_usize..2_000]).prop_map(|(at, n)| Mangling::RepeatLine(at, n)),
        2 => (index(), index()).prop_map(|(a, b)| Mangling::SwapLines(a, b)),
        2 => index().prop_map(Mangling::DropLine),
        1 => (index(), 0_usize..8).prop_map(|(at, depth)| Mangling::Indent(at, depth)),
        1 => (index(), index(), index()).prop_map(|(file, from, to)| Mangling::Splice(file, from, to)),
    ]
}

fn mangled(mut bytes: Vec<u8>, mangling: &Mangling, files: &[Vec<u8>]) -> Vec<u8> {
    let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
    match mangling {
        Mangling::Insert(at, piece, times) => {
            let at = place(at, &bytes);
            bytes.splice(at..at, piece.repeat(*times).into_bytes());
        }
        Mangling::Overwrite(at, byte) => {
            let at = place(at, &bytes);
            bytes.splice(at..(at + 1).min(bytes.len()), [*byte]);
        }
        Mangling::Cut(at, length) => {
            let at = place(at, &bytes);
            bytes.drain(at..(at + length).min(bytes.len()));
        }
        Mangling::Splice(file, from, to) => {
            let other = file.get(files);
            bytes.truncate(place(to, &bytes));
            bytes.extend(&other[place(from, other)..]);
        }
        by_line => return lines_mangled(&bytes, by_line),
    }
    bytes
}

fn lines_mangled(bytes: &[u8], mangling: &Mangling) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    match mangling {
        Mangling::RepeatLine(at, times) => {
            let at = at.index(lines.len());
            let line = lines[at].clone();
            let times = (*times).min(LARGEST / line.len().max(1));
            lines.splice(at..at, std::iter::repeat_n(line, times));
        }
        Mangling::SwapLines(a, b) => {
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            lines.swap(a, b);
        }
        Mangling::DropLine(at) => drop(lines.remove(at.index(lines.len()))),
        Mangling::Indent(at, depth) => {
            let at = at.index(lines.len());
            let bare = lines[at].trim_ascii_start().to_vec();
            lines[at] = [vec![b' '; *depth], bare].concat();
        }
        _ => {}
    }
    lines.concat()
}

/// A kubeconfig as this plugin may come to write it.
pub fn of_our_own() -> impl Strategy<Value = (Name, Endpoint, String, Token)> {
    let label = "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?";
    let server = "https://([a-z0-9]{1,9}\\.){0,3}[a-z][a-z0-9]{0,9}(:[1-9][0-9]{1,3})?(/[a-z0-9.~_-]{1,9}){0,2}";
    let proxy = "(http|https|socks5)://[a-z][a-z0-9]{0,9}(:[1-9][0-9]{1,3})?";
    let endpoint =
        (server, option::of(vec(any::<u8>(), 0..300)), option::of("[A-Za-z0-9._:-]{1,30}"), option::of(proxy));
    let endpoint = endpoint.prop_map(|(server, certificate_authority, tls_server_name, proxy_url)| Endpoint {
        server,
        certificate_authority,
        tls_server_name,
        proxy_url,
    });
    let name = label.prop_map(|text| Name::parse(&text).expect("a label"));
    (name, endpoint, label, "[A-Za-z0-9._~+/=-]{1,60}".prop_map(Token::new))
}
