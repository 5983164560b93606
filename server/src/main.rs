//! `yizhangtu`: one map of a village, served.

fn main() {}
