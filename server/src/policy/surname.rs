//! Chinese surnames of two characters, which a mask keeps whole.

/// Whether two characters are a compound surname (复姓).
pub(super) fn is_compound(first: char, second: char) -> bool {
    COMPOUND.iter().any(|surname| {
        let mut letters = surname.chars();
        letters.next() == Some(first) && letters.next() == Some(second)
    })
}

/// The compound surnames still borne, in simplified and traditional characters.
const COMPOUND: [&str; 94] = [
    "欧阳", "歐陽", "司徒", "上官", "司马", "司馬", "诸葛", "諸葛", "东方", "東方", "独孤", "獨孤",
    "南宫", "南宮", "万俟", "萬俟", "闻人", "聞人", "夏侯", "尉迟", "尉遲", "公羊", "赫连", "赫連",
    "澹台", "澹臺", "皇甫", "宗政", "濮阳", "濮陽", "公冶", "太叔", "申屠", "公孙", "公孫", "慕容",
    "仲孙", "仲孫", "钟离", "鍾離", "长孙", "長孫", "宇文", "司空", "闾丘", "閭丘", "子车", "子車",
    "亓官", "司寇", "巫马", "巫馬", "公西", "颛孙", "顓孫", "壤驷", "壤駟", "公良", "漆雕", "乐正",
    "樂正", "宰父", "谷梁", "穀梁", "拓跋", "夹谷", "夾谷", "轩辕", "軒轅", "令狐", "段干", "百里",
    "呼延", "东郭", "東郭", "南门", "南門", "羊舌", "微生", "梁丘", "左丘", "东门", "東門", "西门",
    "西門", "第五", "纳兰", "納蘭", "完颜", "完顏", "端木", "司城", "淳于", "单于",
];
