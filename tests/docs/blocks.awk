# Takes the code blocks out of a page: writes each one that is to be run to DIR/LINE.sh (-v dir=DIR), and prints a line for it,
# for each that is not to be, and for what is wrong with the page: LINE, TAB, run|skip|need|bad, TAB, reason, need or -, TAB, first command.

function bad(line, text) {
    printf "%d\tbad\t%s\t\n", line, text
}

function end_block(    file) {
    if (kind != "sh")
        return
    if (label == "") {
        bad(start, "a block without a command")
        return
    }
    file = dir "/" start ".sh"
    printf "%s", text > file
    close(file)
    printf "%d\t%s\t%s\t%s\n", start, mark == "" ? "run" : mark, mark == "" ? "-" : said, label
}

!inside && /^ *(```|~~~)/ {
    inside = 1
    start = NR
    text = label = ""
    started = 0
    kind = $0
    sub(/^ *[`~]+ */, "", kind)
    sub(/[ \t].*/, "", kind)
    if (kind == "")
        bad(NR, "a fence without an info string")
    else if (kind !~ /^(sh|text|json|c|dot)$/)
        bad(NR, "a fence that is neither run nor known: " kind)
    else if (mark != "" && kind != "sh")
        bad(NR, "a comment for the test before a block that is no command")
    next
}

inside && /^ *(```|~~~) *$/ {
    end_block()
    inside = 0
    mark = ""
    next
}

inside {
    text = text $0 "\n"
    # Who pastes the block runs the next command at once.
    if (started && $0 !~ /^ *(#|$)/) {
        bad(NR, "a command after one that has just been started in the background")
        started = 0
    }
    if (kind == "sh" && mark != "skip" && / &$/)
        started = 1
    if (label == "" && $0 !~ /^ *(#|$)/)
        label = $0
    next
}

mark != "" {
    bad(NR - 1, "a comment for the test without a block below it")
    mark = ""
}

/^<!-- (not run|needs): .* -->$/ {
    mark = $0 ~ /^<!-- not run/ ? "skip" : "need"
    said = $0
    sub(/^<!-- [a-z ]*: */, "", said)
    sub(/ *-->$/, "", said)
    next
}

END {
    if (inside)
        bad(start, "a fence that is never closed")
    if (mark != "" && !inside)
        bad(NR, "a comment for the test without a block below it")
}
