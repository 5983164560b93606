//! Invented names of people and firms.

use super::dice::Dice;

/// Surnames as common as they are about Guangzhou, with some of two characters.
const SURNAMES: [(&str, u32); 64] = [
    ("陈", 100),
    ("李", 92),
    ("黄", 80),
    ("张", 62),
    ("梁", 58),
    ("林", 50),
    ("刘", 50),
    ("吴", 40),
    ("罗", 34),
    ("杨", 34),
    ("王", 40),
    ("何", 36),
    ("邓", 30),
    ("郑", 24),
    ("谢", 24),
    ("周", 26),
    ("朱", 22),
    ("叶", 20),
    ("钟", 20),
    ("冯", 20),
    ("曾", 18),
    ("蔡", 18),
    ("卢", 16),
    ("彭", 16),
    ("曹", 10),
    ("苏", 14),
    ("潘", 14),
    ("徐", 16),
    ("马", 12),
    ("胡", 16),
    ("廖", 14),
    ("谭", 14),
    ("温", 8),
    ("江", 9),
    ("关", 7),
    ("麦", 6),
    ("区", 5),
    ("邝", 5),
    ("伍", 6),
    ("简", 4),
    ("赵", 14),
    ("孙", 10),
    ("郭", 12),
    ("高", 8),
    ("唐", 9),
    ("韩", 7),
    ("许", 10),
    ("余", 10),
    ("欧阳", 3),
    ("司徒", 2),
    ("上官", 1),
    ("诸葛", 1),
    ("司马", 1),
    ("夏侯", 1),
    ("覃", 6),
    ("韦", 6),
    ("蒙", 3),
    ("莫", 5),
    ("黎", 12),
    ("阮", 3),
    ("骆", 4),
    ("霍", 3),
    ("翟", 2),
    ("仝", 1),
];

const MALE: [&str; 60] = [
    "伟", "强", "军", "杰", "勇", "涛", "明", "辉", "华", "斌", "鹏", "浩", "志", "建", "国", "文",
    "家", "俊", "健", "锋", "平", "海", "荣", "德", "永", "耀", "振", "嘉", "梓", "宇", "轩", "铭",
    "泽", "启", "冠", "庆", "炳", "润", "锦", "炜", "柏", "松", "根", "祥", "贵", "添", "培", "汉",
    "兆", "权", "樑", "钊", "煜", "骏", "晖", "权", "楷", "烨", "恒", "达",
];

const FEMALE: [&str; 56] = [
    "芳", "娟", "敏", "静", "丽", "艳", "霞", "燕", "玲", "红", "婷", "雪", "梅", "兰", "秀", "英",
    "慧", "美", "嘉", "欣", "怡", "诗", "雅", "思", "晓", "佩", "玉", "凤", "珍", "莲", "彩", "惠",
    "淑", "群", "云", "月", "琴", "妙", "紫", "梦", "琪", "颖", "倩", "莹", "洁", "茵", "桂", "娇",
    "妹", "好", "顺", "银", "钰", "涵", "蕾", "瑶",
];

/// Characters that fonts and encodings stumble over.
const RARE: [&str; 6] = ["㙟", "喆", "𠅤", "䶮", "犇", "𬭎"];

/// A surname.
pub(super) fn surname(dice: &mut Dice) -> &'static str {
    dice.weighted(&SURNAMES)
}

/// A given name of one or two characters.
pub(super) fn given(dice: &mut Dice, male: bool) -> String {
    let pool: &[&str] = if male { &MALE } else { &FEMALE };
    let mut name = String::from(dice.pick(pool));
    if dice.chance(0.82) {
        name.push_str(dice.pick(pool));
    }
    if dice.chance(0.0015) {
        name.push_str(dice.pick(&RARE));
    }
    name
}

/// A whole name, with its ethnic group's code (GB/T 3304). Names of some groups are
/// written with a middle dot.
pub(super) fn person(dice: &mut Dice, surname: &str, male: bool) -> (String, &'static str) {
    let throw = dice.unit();
    if throw < 0.004 {
        let (first, last): (&[&str], &[&str]) = if male {
            (
                &["艾力", "阿不都", "玉素甫", "买买提"],
                &["吐尔逊", "卡德尔", "热合曼", "艾山"],
            )
        } else {
            (
                &["阿依古丽", "古丽娜", "热依汗", "帕提古丽"],
                &["吐尔逊", "卡德尔", "热合曼", "艾山"],
            )
        };
        return (format!("{}·{}", dice.pick(first), dice.pick(last)), "05");
    }
    if throw < 0.006 {
        let first = dice.pick(&["扎西", "次仁", "卓玛", "央金", "格桑"]);
        let last = dice.pick(&["多吉", "旺堆", "拉姆", "顿珠"]);
        return (format!("{first}·{last}"), "04");
    }
    let ethnic = dice.weighted(&[
        ("01", 930),
        ("08", 26),
        ("06", 9),
        ("15", 9),
        ("13", 8),
        ("12", 6),
        ("11", 4),
        ("03", 4),
        ("14", 2),
        ("19", 2),
    ]);
    (format!("{surname}{}", given(dice, male)), ethnic)
}

/// A firm's own word.
pub(super) fn firm(dice: &mut Dice) -> String {
    const FIRST: [&str; 24] = [
        "鑫", "宏", "腾", "盛", "恒", "嘉", "汇", "昌", "亿", "佳", "瑞", "诚", "博", "凯", "锦",
        "粤", "联", "顺", "广", "隆", "俊", "雅", "美", "源",
    ];
    const LAST: [&str; 20] = [
        "达", "源", "发", "丰", "泰", "利", "峰", "通", "海", "业", "旺", "辉", "洋", "信", "德",
        "创", "美", "星", "联", "景",
    ];
    format!("{}{}", dice.pick(&FIRST), dice.pick(&LAST))
}
