//! Random texts with every oddity, for tests to compare a loop with its obvious version.

const PARTS: [&[u8]; 16] = [
    b" ",
    b" ",
    b" ",
    b"\n",
    b"\n\n",
    b"\r\n",
    b"\t \x0c",
    b"\x0b",
    b"\0",
    b"a",
    b"error",
    b"err",
    b"errorerror",
    "caf\u{e9}".as_bytes(),
    b"\xff\x80",
    b"ors",
];

/// Texts of many sizes, most without a final newline; some words are longer than 16 bytes, some
/// longer than 64, one longer than any piece that is looked at in one go.
pub(super) fn odd_texts() -> impl Iterator<Item = Vec<u8>> {
    let mut state = 0x853c_49e6_748f_ea9b_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) % below
    };
    (0..400).map(move |round| {
        let mut text = Vec::new();
        for _ in 0..random(4 + round * 8) {
            match random(40) {
                0 => text.extend(std::iter::repeat_n(b'x', random(100) as usize)),
                1 if round == 300 => text.extend([b'y'; 70_000]),
                _ => text.extend(PARTS[random(PARTS.len() as u64) as usize]),
            }
        }
        text
    })
}
