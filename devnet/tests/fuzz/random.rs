//! Choices that a seed repeats, for ever: SplitMix64.

pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub(crate) fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// A number that is more often at some edge than not.
    pub(crate) fn number(&mut self) -> u64 {
        const EDGES: [u64; 14] = [
            0,
            1,
            2,
            3,
            0x7f,
            0x80,
            21_000,
            30_000_000,
            u32::MAX as u64,
            1 << 32,
            i64::MAX as u64,
            1 << 63,
            u64::MAX - 1,
            u64::MAX,
        ];
        if self.once_in(3) { self.next() >> self.below(64) } else { *self.pick(&EDGES) }
    }

    /// Changes bytes as a bad disk, a bad line or a bad writer would.
    pub(crate) fn spoil(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let length = bytes.len();
            if length == 0 {
                bytes.extend(self.bytes(8));
                continue;
            }
            let at = self.below(length);
            match self.below(7) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.next() as u8,
                2 => bytes[at] = *self.pick(&[0, 0x7f, 0x80, 0xb8, 0xbf, 0xc0, 0xf7, 0xf9, 0xff]),
                3 => bytes.truncate(at),
                4 => drop(bytes.drain(at..(at + 1 + self.below(8)).min(length))),
                5 => {
                    let piece = self.bytes(8);
                    bytes.splice(at..at, piece);
                }
                _ => {
                    let piece = bytes[at..(at + 1 + self.below(40)).min(length)].to_vec();
                    let to = self.below(length);
                    bytes.splice(to..to, piece);
                }
            }
        }
    }
}
