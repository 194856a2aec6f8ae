//! The rules, each with its name. Alone they keep a text back where a memory has no reason to say such a thing; what people and manuals say
//! too is marked and nothing more, unless a lure and a demand come together.

/// What a rule that is found makes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It is an attack.
    Attack,
    /// It reads like an order; with a lure it is an attack.
    Demand,
    /// It reads like an order; with a demand it is an attack: it speaks to a model, waits for it, or hides something from its user.
    Lure,
}

/// A rule: its name, its weight, and what it looks for in a text of ASCII letters, whatever their case. `^^` stands for the beginning of a
/// sentence, `@@` for some words that say little.
pub struct Rule {
    pub name: &'static str,
    pub weight: Weight,
    pattern: &'static str,
}

/// Where a sentence begins, and what may stand before its verb. Not within quotation marks: who reports an attack makes none.
const BEGINS: &str = r"(?:^|[\n.!?:;>*#\-\[\](){}/|~])\s*(?:(?:please|now|first|next|then|so|and|but|just|also|instead|important|urgent|attention|warning|note|hey|ok|okay|hello|hi|dear|you|must|should|shall|will|need to|have to|are to|immediately|simply|ai|llm|assistant|model|agent|claude|chatgpt|gpt|bot|it is critical that|let us|let's)[,:!]?\s+)*";
const LITTLE: &str = r"(?:(?:all|any|every|everything|each|of|the|my|our|these|those|this|that|existing|current|other|and|or|in|said|what|was|were|been|have|has|you|told|before|given|learned) ){0,8}";

const fn rule(name: &'static str, weight: Weight, pattern: &'static str) -> Rule {
    Rule {
        name,
        weight,
        pattern,
    }
}

use Weight::{Attack, Demand, Lure};

/// All rules.
pub const RULES: &[Rule] = &[
    rule(
        "override",
        Attack,
        r"^^(?:ignore|disregard|forget|override|bypass|discard|do not follow|don't follow|stop following|never follow|pay no attention to|neglect|abandon) @@(?:previous|prior|earlier|above|preceding|former|original|initial|safety|system|your|ethical) (?:(?:previous|prior|earlier|above|preceding|former|original|initial|safety|system|your|ethical|security|and|or) ){0,5}(?:instructions?|prompts?|rules|guidelines|directives?|directions|programming|restrictions|training|orders|commands)(?: (?:above|before|now|completely|entirely|immediately|and|that|you|given|so far)\b|[.,;:!?)\]}*#~-]|\s*$|\n)",
    ),
    rule(
        "override",
        Attack,
        r"^^(?:ignore|disregard|forget|override|bypass) (?:all|every|any)(?: of)?(?: the| these| those| my| our| your)? (?:instructions?|prompts?|rules|guidelines|directives?)(?: (?:you (?:were|have been|are) (?:given|told)|above|before|given to you|so far)|[.!]? (?:and|then|instead)\b)",
    ),
    rule(
        "override",
        Attack,
        r"^^(?:ignore|disregard|forget) (?:everything|anything|all|whatever)(?: (?:that|you|were|have|been|was|is|the|told|taught|said|written|know|learned|of|to)){0,6} (?:above|before this|until now|up to (?:now|this point)|your (?:rules|instructions|guidelines|training))",
    ),
    rule(
        "override",
        Attack,
        r"^^(?:forget|ignore|disregard) (?:everything|all|what) you (?:were|have been|are) (?:told|taught|given|instructed)",
    ),
    rule(
        "no-limits",
        Attack,
        r"\b(?:you are|you're|you will be|act as|acting as|pretend to be|pretend (?:that )?you are|behave as|become|simulate|roleplay as)(?: now)? (?:an? |the |in )?(?:[a-z-]+ ){0,2}(?:dan\b|unrestricted|uncensored|unfiltered|jailbroken|(?:ai|assistant|model|bot) (?:with no|without(?: any)?) (?:restrictions|rules|limits|filters|guidelines))",
    ),
    rule(
        "no-limits",
        Attack,
        r"\byou (?:now )?have no (?:more )?(?:restrictions|rules|guidelines|filters)(?: (?:anymore|any more|now))?[.!]|\bdo anything now\b|\byour (?:safety|content) (?:filters?|rules|guidelines|policies) (?:are|is|have been) (?:now )?(?:off|disabled|lifted|suspended|void)|\b(?:jailbreak|dan) mode\b|\bdeveloper mode (?:is )?(?:now )?(?:enabled|activated|on) and|\bdeveloper mode[^.\n]{0,40}(?:without (?:any )?(?:filters|restrictions)|ignore)",
    ),
    rule(
        "exfiltration",
        Attack,
        r"\b(?:send|post|upload|forward|e-?mail|exfiltrate|leak|transmit|submit) (?:me |us )?(?:[a-z'/-]+ ){0,6}(?:credentials|private keys?|ssh keys?|\.env(?: file)?|environment variables?|system prompt|conversation(?: history)?|chat (?:history|log)|(?:your|all|its) memor(?:y|ies)|(?:all |the )?user(?:'s)? data|session cookies?)(?: \S+){0,6}? (?:to|via|at) (?:\S+ ){0,3}?(?:https?://|\S+@\S+\.[a-z])",
    ),
    rule(
        "exfiltration",
        Attack,
        r"!\[[^\]]*\]\(https?://[^)\s]*[=/](?:\{|\[|<|%7b|\$)?\s*(?:secret|key|token|password|data|memory|memories|prompt|conversation|history|api_key|env)\b[^)]*\)|\bexfiltrate\b[^.\n]{0,60}\b(?:to|via)\b",
    ),
    rule(
        "reveal",
        Attack,
        r"^^(?:reveal|print|repeat|show|output|disclose|display|tell|write|recite|expose|share|dump|translate|summari[sz]e)(?: (?:me|us|back|out|down|word for word|verbatim|exactly))* (?:(?:all|of|the|full|entire|complete|exact|whole|text|contents?) )*(?:your (?:[a-z]+ )?(?:system (?:prompts?|message)|(?:hidden|initial|secret|original|developer|internal|confidential) (?:prompts?|instructions?|messages?|rules|guidelines))|instructions you (?:were|have been) given|(?:text|words|everything|content) above this)",
    ),
    rule(
        "template",
        Attack,
        r"(?:^|\n)\s*(?:<\|im_start\|>\s*(?:system|user|assistant)|<\|(?:system|user|assistant)\|>|<\|start_header_id\|>|\[INST\]|<<SYS>>|<start_of_turn>|\[SYSTEM_PROMPT\])",
    ),
    rule(
        "new-orders",
        Attack,
        r"(?:^|\n)[\s*#=\[(-]*(?:(?:system|admin(?:istrator)?|developer|root|priority|security) override\b|(?:begin )?new system (?:prompt|instructions?|message)|begin (?:system|admin|developer) (?:prompt|instructions?|message|override)|\[(?:system|admin|developer) (?:message|prompt|override)\])",
    ),
    rule(
        "new-orders",
        Attack,
        r"^^(?:obey (?:only )?my (?:commands?|orders|instructions)|(?:follow|obey) only (?:these|the following|my|the new) (?:new |hidden )?(?:instructions?|orders?|commands?)|(?:follow|obey|carry out|execute) (?:these|the following|my) (?:new |hidden )?(?:instructions?|orders?|commands?) (?:exactly|without question|instead|and (?:ignore|forget)))",
    ),
    rule(
        "trigger",
        Attack,
        r"\b(?:when(?:ever)?|if|once|after|as soon as|before)(?: ever)? (?:the|an?|any) (?:assistant|ai|model|agent|llm)(?: assistant| agent| model)? (?:reads?|sees?|recalls?|process(?:es)?|retrieves?|summari[sz]es?|answers?) this\b",
    ),
    rule(
        "trigger",
        Attack,
        r"\b(?:when(?:ever)?|once|as soon as|after) this (?:memory|note|message|text) is (?:read|recalled|loaded|retrieved)\b",
    ),
    rule(
        "trigger",
        Attack,
        r"\b(?:secretly|silently) (?:run|send|call|execute|forward|delete|post|insert|e-?mail|recommend)\b",
    ),
    rule(
        "encoded",
        Attack,
        r"\b(?:decode|base64[- ]?decode|decrypt|unscramble|rot13) (?:this|the following|it|these|the text below)(?: [a-z0-9]+){0,5} (?:and|then),? (?:then )?(?:follow|execute|obey|do what|comply|perform)",
    ),
    // What demands something.
    rule(
        "override",
        Demand,
        r"\b(?:ignore|disregard|forget|override|bypass) (?:\S+ ){0,6}(?:instructions?|prompts?|rules|guidelines|directives?|restrictions)\b|^^forget (?:everything|what)\b|\b(?:god|sudo|developer) mode\b",
    ),
    rule(
        "exfiltration",
        Demand,
        r"\b(?:send|post|upload|forward|e-?mail|leak|transmit|submit|copy|write|append|encode|include|embed|put) (?:me |us )?(?:[a-z'/-]+ ){0,8}(?:api[ _-]?keys?|passwords?|secrets?|credentials?|tokens?|private keys?|ssh keys?|\.env|environment variables?|conversation|chat history|memor(?:y|ies)|user(?:'s)? (?:data|files|address))\b",
    ),
    rule(
        "reveal",
        Demand,
        r"\b(?:system prompt|hidden instructions?|your instructions|(?:your|the) (?:api keys?|passwords?|credentials))\b.{0,40}\b(?:reveal|print|show|send|repeat|post)|\b(?:reveal|print|show|send|repeat|post|leak|disclose|share|translate|display|output)\b.{0,40}\b(?:system prompt|hidden instructions?|your instructions|developer messages?|(?:original|internal|confidential) (?:prompt|guidelines|rules)|api keys?|passwords?|credentials|above this)",
    ),
    rule(
        "command",
        Demand,
        r"\brm -rf\b|\bcurl\b[^\n|]{0,120}\|\s*(?:ba|z)?sh\b|\bdrop (?:table|database)\b|^^(?:run|execute|call|invoke|delete|transfer|wire|buy|click|visit|open|install|disable|forward|send|approve) (?:all|the|this|following|these|every|your|my|a|an|https?)\b",
    ),
    rule(
        "new-orders",
        Demand,
        r"\byour (?:new|real|true|actual|only|sole) (?:task|goal|job|purpose|objective|mission|instructions?|role|directive)s? (?:is|are|from now on)\b|(?:^|\n)[\s*#=\[(-]*(?:(?:here are )?(?:your |the )?(?:new|updated|revised|real|secret|hidden) (?:instructions?|orders|directives?)(?: for (?:you|the (?:ai|assistant|model|agent)))?\s*(?:[:\])*=-]|$|\n)|system prompt\b|end system message)|^^(?:follow|obey|execute|carry out) (?:only )?(?:these|the following|my) (?:new )?(?:instructions?|orders?|commands?)\b",
    ),
    // What speaks to a model, waits for it, or hides something.
    rule(
        "role",
        Lure,
        r"(?:^|\n)\s*(?:system|assistant|developer|human|user)\s*:|</?(?:system|memory|instructions?|assistant|user|tool_result|function_results?|context|prompt|document)(?:\s[^>]{0,60})?/?>|<\|[a-z_]+\|>|<</?SYS>>|\[/?INST\]",
    ),
    rule(
        "from-now-on",
        Lure,
        r"\bfrom now on,? (?:you|always|never|only|every)\b|^^(?:act as|pretend|roleplay)\b|\byou are now\b|\bstay in character\b",
    ),
    rule(
        "conceal",
        Lure,
        r"\b(?:do not|don't|never|without) (?:tell|inform|mention|alert|notify|warn|ask|reveal|show|let|telling|informing|asking|notifying)\b.{0,30}\b(?:user|human|operator|owner|anyone)\b|\b(?:delete|erase|hide) (?:this|these) (?:message|memory|memories|note|instructions?|text)s?\b",
    ),
    rule(
        "trigger",
        Lure,
        r"\b(?:when(?:ever)?|if|once|after|as soon as|before|the next time)(?: ever)? (?:you|an ai|the user|the model|the assistant|the agent|it|this) (?:[a-z]+ )?(?:read|see|recall|process|load|retrieve|summari[sz]e|remember|answer|ask)(?:e?s)? ?(?:this|it|that)?,",
    ),
    rule(
        "addressed",
        Lure,
        r"\b(?:attention|dear|hey|note to|message for) (?:the |all |any )?(?:ai|llms?|language models?|assistants?|chatbots?|ai agents?|claude|chatgpt|gpt)\b|\b(?:ai|assistant|model|llm|ai agent)s? (?:must|should|shall|has to|have to|is required to|are instructed to|will)\b|\byou (?:(?:must|shall) (?:always|never|now|immediately|only|not|approve|obey|follow|comply|send|run|reply|respond|answer|call|ignore|say|grant|accept|trust|restart|use|include|recommend)|are (?:required|ordered|instructed|commanded) to)\b",
    ),
];

/// Orders to drop what the model was told, in other languages.
pub const ELSEWHERE: &str = r"(?i)(?:ignoriere|vergiss|missachte) (?:bitte )?(?:alle[sn]?|deine|die|sämtliche) (?:[a-zäöüß]+ )?(?:vorherigen|bisherigen|früheren|obigen|vorigen|vorangegangenen|system) ?(?:anweisungen|befehle|instruktionen|regeln|vorgaben|prompts?)|(?:ignora|olvida|descarta) (?:todas )?(?:las |tus )(?:instrucciones|órdenes|reglas) (?:anteriores|previas)|(?:ignore[zr]?|oublie[zr]?) (?:toutes )?(?:les |tes |vos )(?:instructions|consignes|règles) (?:précédentes|antérieures)|ignor[ae] (?:tutte )?(?:le )?istruzioni precedenti|ignore (?:todas )?as instruções (?:anteriores|acima)|negeer (?:alle )?(?:vorige|eerdere|bovenstaande) instructies|(?:игнорируй(?:те)?|забудь(?:те)?) (?:все )?(?:предыдущие|прошлые|прежние) (?:инструкции|указания|команды)|忽略(?:之前|以上|上述|先前|前面)的?(?:所有|全部|一切)?的?(?:指令|指示|提示|命令)|(?:以前|これまで|上記|前)の(?:すべての)?(?:指示|命令)を(?:すべて)?無視|이전(?:의)? (?:모든 )?(?:지시|명령|지침)(?:을|를|사항을)? (?:모두 )?무시|(?:glöm|ignorera|ignorer|glem) (?:alla|alle) (?:tidigare|föregående|tidligere|forrige) (?:instruktioner|instruksjoner|instrukser)|(?:zignoruj|zapomnij)(?:cie)? (?:o )?(?:wszystkie|wszystkich) (?:poprzednie|poprzednich|wcześniejsze|wcześniejszych) (?:polecenia|poleceniach|instrukcje|instrukcjach)|önceki (?:tüm |bütün )?talimatları (?:yok say|unut|görmezden gel)|bỏ qua (?:mọi|tất cả(?: các)?) (?:hướng dẫn|chỉ dẫn|lệnh) trước|पिछले सभी निर्देशों को (?:अनदेखा|नज़रअंदाज़|भूल)|تجاهل (?:جميع |كل )?التعليمات السابقة|ignoruj(?:te)? všechny předchozí (?:pokyny|instrukce)|(?:ігноруй|забудь)(?:те)? (?:усі|всі) попередні (?:інструкції|вказівки)|abaikan semua (?:instruksi|perintah) sebelumnya";

impl Rule {
    /// What it looks for, for a regular expression without Unicode.
    pub fn pattern(&self) -> String {
        let pattern = self.pattern.replace("^^", BEGINS).replace("@@", LITTLE);
        format!("(?i-u){pattern}")
    }
}
