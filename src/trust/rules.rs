//! The rules, each with its name. What keeps a text back is what a memory has no reason to say; what people say to each other too is
//! marked and nothing more.

/// Where a sentence begins, and what may stand before its verb. Not within quotation marks: who reports an attack makes none.
const BEGINS: &str = r"(?:^|[\n.!?:;>*#\-\[\](){}/|])\s*(?:(?:please|now|first|next|then|so|and|but|just|also|instead|important|urgent|attention|warning|note|hey|ok|okay|hello|hi|dear|you|must|should|shall|will|need to|have to|are to|immediately|simply|ai|llm|assistant|model|agent|claude|chatgpt|gpt|bot|system|admin|user|it is critical that|let us|let's)[,:!]?\s+)*";

/// A rule: its name, whether it takes a text for an attack, and what it looks for. `^^` stands for the beginning of a sentence.
pub struct Rule {
    pub name: &'static str,
    pub attack: bool,
    pattern: &'static str,
}

const fn keeps(name: &'static str, pattern: &'static str) -> Rule {
    Rule {
        name,
        attack: true,
        pattern,
    }
}

const fn marks(name: &'static str, pattern: &'static str) -> Rule {
    Rule {
        name,
        attack: false,
        pattern,
    }
}

/// All rules.
pub const RULES: &[Rule] = &[
    // Attacks: orders that a memory has no reason to hold.
    keeps(
        "override",
        r"^^(?:ignore|disregard|forget|override|bypass|discard|do not follow|don't follow|stop following|never follow|pay no attention to|cancel|erase|delete|neglect|abandon) (?:(?:all|any|every|everything|each|of|the|your|my|our|these|those|this|that|previous|prior|earlier|above|preceding|former|existing|original|current|initial|safety|system|security|ethical|other|and|or|in|said|what|was|were|been|have|has|you|told|before|given|learned) ){1,10}(?:instructions?|prompts?|rules|guidelines|directives?|directions|programming|restrictions|constraints|orders|policies|safeguards|commands|training)(?: (?:above|before|now|completely|entirely|immediately|and|that|you|given|so far)\b|[.,;:!?)\]}*#-]|\s*$|\n)",
    ),
    keeps(
        "override",
        r"^^(?:ignore|disregard|forget) (?:everything|anything|all|whatever|what) (?:(?:that|you|i|we|was|were|is|have|has|been|been|got|just|of|the|said|told|written|stated|to|know|learned|about) ){0,6}(?:above|before|previously|so far|up to (?:now|this point)|prior|earlier|until now|your (?:rules|instructions|guidelines|training))",
    ),
    keeps(
        "override",
        r"(?:ignoriere|vergiss|missachte) (?:bitte )?(?:alle[sn]?|deine|die|sämtliche) (?:\w+ )?(?:vorherigen|bisherigen|früheren|obigen|vorigen|vorangegangenen|system)? ?(?:anweisungen|befehle|instruktionen|regeln|vorgaben|prompts?)|(?:ignora|olvida|descarta) (?:todas )?(?:las |tus )?(?:instrucciones|órdenes|reglas)(?: anteriores| previas)?|(?:ignore[zr]?|oublie[zr]?) (?:toutes )?(?:les |tes |vos )(?:instructions|consignes|règles)(?: précédentes| antérieures)?|ignor[ae] (?:tutte )?(?:le )?istruzioni precedenti|ignore (?:todas )?as instruções (?:anteriores|acima)|negeer (?:alle )?(?:vorige|eerdere|bovenstaande) instructies|(?:игнорируй(?:те)?|забудь(?:те)?) (?:все )?(?:предыдущие|прошлые|прежние) (?:инструкции|указания|команды)|忽略(?:之前|以上|上述|先前|前面)?的?(?:所有|全部|一切)?的?(?:之前|以上|先前)?的?(?:指令|指示|提示|命令)|(?:以前|これまで|上記|前)の(?:すべての)?(?:指示|命令)を(?:すべて)?無視|이전(?:의)? (?:모든 )?(?:지시|명령|지침)(?:을|를|사항을)? (?:모두 )?무시",
    ),
    keeps(
        "no-limits",
        r"(?:you are|you're|you will be|act as|become|pretend (?:to be|you are|that you are)|behave as|simulate|roleplay as|switch to|enter|enable|activate|unlock)(?: now| from now on)? (?:an? |the |in |into )?(?:\w+ ){0,2}(?:dan\b|do anything now|unrestricted|uncensored|unfiltered|jailbroken|jailbreak|god mode|developer mode|debug mode without|root mode|evil|no restrictions|without (?:any )?(?:restrictions|rules|limits|filters|guidelines))",
    ),
    keeps(
        "no-limits",
        r"\byou (?:now )?have no (?:more )?(?:restrictions|rules|limits|limitations|guidelines|filters|constraints)\b|\b(?:developer|god|jailbreak|sudo) mode (?:is )?(?:now )?(?:enabled|on|activated)|\bdo anything now\b|\byour (?:safety|content) (?:filters?|rules|guidelines|policies) (?:are|is|have been) (?:now )?(?:off|disabled|lifted|suspended|void)",
    ),
    keeps(
        "exfiltration",
        r"(?:send|post|upload|forward|e-?mail|exfiltrate|leak|transmit|submit|copy|write|append|encode|include|embed|put) (?:me |us )?(?:[\w'’/-]+ ){0,8}(?:api[ _-]?keys?|passwords?|secrets?|credentials?|access tokens?|tokens|private keys?|ssh keys?|\.env|environment variables?|system prompt|conversation(?: history)?|chat (?:history|log)|memor(?:y|ies)|user(?:'s|’s)? (?:data|files|name|address)|session cookies?)(?: \S+){0,8}? (?:to|via|at|into|in|as) (?:\S+ ){0,4}?(?:https?://|\S+@\S+\.\w|\S+\.(?:com|net|org|io|xyz|ru|cn|tk|example|test|evil)\b|(?:this|the following|my|our|an external) (?:url|address|webhook|endpoint|server|site|link|query))",
    ),
    keeps(
        "exfiltration",
        r"!\[[^\]]*\]\(https?://[^)\s]*(?:=|/)(?:\{|\[|<|%7b|\$)?\s*(?:secret|key|token|password|data|memory|memories|prompt|conversation|history|api_key|env)\b[^)]*\)",
    ),
    keeps(
        "reveal",
        r"^^(?:reveal|print|repeat|show|output|disclose|display|tell|give|write|recite|expose|share|dump|return|say|translate|summari[sz]e|copy)(?: (?:me|us|back|out|down|word for word|verbatim|exactly|the user|here))* (?:(?:all|of|your|the|full|entire|complete|exact|whole|text|contents?|everything in|any) )*(?:system prompts?|system message|(?:hidden|initial|secret|original|developer|internal|confidential|system|first) (?:prompts?|instructions?|messages?|rules|guidelines|context)|instructions you (?:were|have been) given|(?:text|words|everything|content) above this|prompt above)",
    ),
    keeps(
        "conceal",
        r"^^(?:do not|don't|never|without) (?:tell|inform|mention|alert|notify|warn|let|reveal|show|say|telling|informing|alerting|notifying|disclose|report)(?: (?:this|it|that|any of this|anything))?(?: (?:about|to))? (?:the )?(?:user|human|person|operator|owner|developer|anyone)(?: know)?(?: (?:about|of|that|what) (?:this|it|these|the above|you|any)|[.!,;\n]|\s*$)",
    ),
    keeps(
        "conceal",
        r"\b(?:delete|erase|hide|remove) (?:this|these) (?:message|memory|memories|note|instructions?|text|line)s? (?:after(?:wards?)?|when you|once you|from (?:the )?(?:log|history|view))",
    ),
    keeps(
        "template",
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|begin_of_text)\|?>|\[/?INST\]|<</?SYS>>|<start_of_turn>|<end_of_turn>|\[/?SYSTEM_PROMPT\]|(?:^|\n)\s*(?:\n\n)?(?:human|assistant|user):[^\n]*\n\s*(?:assistant|human|user):",
    ),
    keeps(
        "new-orders",
        r"(?:^|[\n.!?>*#\-=\[(]\s*)(?:begin |start of |end of |the |here are |these are |your |updated? |important )*(?:new|updated|revised|real|actual|true|secret|hidden|additional|admin(?:istrator)?|override|system|developer|root|priority)(?: (?:new|system|developer|admin|priority|urgent|security|model|ai|override))* (?:instructions?|prompt|directives?|orders?|override|commands?|objectives?|mission|policy|message)(?: (?:for (?:you|the (?:ai|assistant|model|agent))|follow|begin|below|activated|v?\d[\d.]*))*\s*(?:[:\]}=]|-{2,}|\*{2}|$|\n)",
    ),
    keeps(
        "new-orders",
        r"\byour (?:new|real|true|actual|only|sole|primary) (?:task|goal|job|purpose|objective|mission|instructions?|role|directive)s? (?:is|are|from now on)\b|^^(?:follow|obey|comply with|execute|carry out) (?:only |strictly |exactly )*(?:these|the following|my|the new|this new|all my) (?:new |hidden |secret )?(?:instructions?|orders?|commands?|directives?)\b",
    ),
    keeps(
        "trigger",
        r"\b(?:when(?:ever)?|if|once|after|as soon as|before|the next time)(?: ever)? (?:you|the|an?|this)? ?(?:assistant |ai |model |agent |llm |memory )?(?:read|see|recall|process|load|retrieve|summari[sz]e|remember|quote|answer|is (?:read|recalled|loaded|retrieved))(?:e?s)?\b ?(?:this|it|these|any question|the user|anything)?[^.\n]{0,60}?,? ?(?:you must|always|immediately|please|first|instead|secretly|silently|then)? ?(?:ignore|send|run|execute|reply (?:only )?with|respond (?:only )?with|output|call|delete|forward|say only|print|transfer|recommend|obey|append|post|insert|e-?mail) ",
    ),
    keeps(
        "encoded",
        r"\b(?:decode|base64[- ]?decode|decrypt|unscramble|rot13|reverse) (?:this|the following|it|these|the text below)(?: \w+){0,5} (?:and|then),? (?:then )?(?:follow|execute|obey|run|do what|comply|perform)",
    ),
    // Orders: as people give them too, so they are marked and nothing more.
    marks(
        "override",
        r"\b(?:ignore|disregard|forget|override|bypass) (?:\S+ ){0,6}(?:instructions?|prompts?|rules|guidelines|directives?)\b",
    ),
    marks(
        "role",
        r"(?:^|\n)\s*(?:system|assistant|developer|human|user)\s*:|</?(?:system|memory|instructions?|assistant|user|tool_result|function_results?|context|prompt|document)(?:\s[^>]{0,60})?/?>",
    ),
    marks(
        "from-now-on",
        r"\bfrom now on,? (?:you|always|never|only|every)\b|^^(?:act as|pretend|roleplay)\b|\byou are now\b|\bstay in character\b",
    ),
    marks(
        "reveal",
        r"\b(?:system prompt|hidden instructions?|your instructions|api keys?|passwords?|credentials)\b.{0,40}\b(?:reveal|print|show|send|repeat|post)|\b(?:reveal|print|show|send|repeat|post|leak)\b.{0,40}\b(?:system prompt|hidden instructions?|your instructions|api keys?|passwords?|credentials)",
    ),
    marks(
        "conceal",
        r"\b(?:do not|don't|never|without) (?:tell|inform|mention|alert|notify|warn|ask|telling|informing|asking|notifying)\b.{0,30}\b(?:user|human|operator|owner)\b",
    ),
    marks(
        "command",
        r"\brm -rf\b|\bcurl\b[^\n|]{0,120}\|\s*(?:ba|z)?sh\b|\bdrop (?:table|database)\b|^^(?:run|execute|call|invoke|delete|transfer|wire|buy|click|visit|open|download|install|disable) (?:all|the|this|following|these|every|your|my|a|an|https?)\b",
    ),
    marks(
        "addressed",
        r"\b(?:attention|dear|hey|note to|message for) (?:the |all |any )?(?:ai|llms?|language models?|assistants?|chatbots?|ai agents?|claude|chatgpt|gpt)\b|\b(?:ai|assistant|model|agent|llm)s? (?:must|should|shall|has to|have to|is required to|are instructed to|will)\b|\byou (?:(?:must|shall) (?:always|never|now|immediately|only|not|approve|obey|follow|comply|send|run|reply|respond|answer|call|ignore|say|grant|accept|trust|restart|use|include|recommend)|are (?:required|ordered|instructed|commanded) to)\b",
    ),
];

impl Rule {
    /// What it looks for, for a regular expression.
    pub fn pattern(&self) -> String {
        format!("(?i){}", self.pattern.replace("^^", BEGINS))
    }
}
