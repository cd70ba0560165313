#!/usr/bin/env bash
# What may happen to a card's file on a real machine, with the real programs: a killed daemon and what is copied over its card, a file
# that is moved, deleted or replaced under a running card, other names of it, files that are no cards, and what lies beside it.
set -u
. "$(dirname "$0")/lib.sh"
need opensc-tool scriptor sqlite3 mkfifo

address() { # of the default SM-DP+, as the file says
    sqlite3 "file:$1?immutable=1" 'select default_smdp from card'
}
# set_address LETTER: what the running card answers to SetDefaultDpAddress "LETTER.test".
set_address() {
    transceive 0070000001 01A4040010A0000005591010FFFFFFFF8900000100 \
        "81E291000B""BF3F088006$(printf %s "$1.test" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)" 81C0000006 | sed -n 4p
}
said=BF3F038001009000
# killed NAME LETTER: a card whose daemon set this address and was killed: its log lies beside it.
killed() {
    start_cards --card "$work/$1.db"
    is "a command is answered ($2)" "$said" "$(set_address "$2")"
    stop_cards KILL
    check "SIGKILL leaves a log" test -s "$work/$1.db-wal"
}
# refused NAME PATTERN FILE: one line on standard error, at once, with status 1.
refused() {
    timeout 5 "$softeuicc" run --vpcd localhost:1 --card "$3" >"$work/out" 2>"$work/err"
    is "$1: refused" 1 $?
    matches "$1: why" "$2" "$(cat "$work/err")"
    is "$1: in one line" 1 "$(wc -l <"$work/err")"
}
# ended NAME PATTERN: the daemon ends by itself, with status 1, and its last line says why.
ended() {
    check "$1: the daemon ends" wait_until 5 is_gone "$run_pid"
    end_process "$run_pid"
    is "$1: with an error" 1 "$status"
    matches "$1: that says why" "$2" "$(tail -n 1 "$work/run.log")"
    wait_until 10 has_no_card 0
}
beside() {
    (cd "$work" && ls -d "$1".db* 2>/dev/null | tr '\n' ' ')
}
start_pcscd
make_card a
make_card other

# --- after SIGKILL ------------------------------------------------------------------------------------------------------
cp -p "$work/a.db" "$work/before.db"
killed a b
start_cards --card "$work/a.db"
stop_cards
is "a killed card is found as it was left" b.test "$(address "$work/a.db")"
is "a clean end leaves nothing beside it" "a.db " "$(beside a)"

killed a c
cp "$work/a.db" "$work/kept.db" && cp "$work/a.db-wal" "$work/kept.db-wal"
cp "$work/other.db" "$work/a.db"
cp "$work/a.db-wal" "$work/log"
refused "another card over a killed one" 'a.db-wal is not the log of .*a.db: put back the file .*delete' "$work/a.db"
check "neither is touched" cmp "$work/a.db" "$work/other.db"
check "nor the log" cmp "$work/a.db-wal" "$work/log"
cp "$work/before.db" "$work/a.db"
refused "an earlier copy over a killed card" 'is not the log of' "$work/a.db"
cp "$work/kept.db" "$work/a.db"
refused "a copy of what it was before its log" 'is a copy from before .*a.db-wal was written' "$work/a.db"
rm "$work/a.db-wal"
start_cards --card "$work/a.db"
stop_cards
is "without the log the file is used as it is" b.test "$(address "$work/a.db")"
start_cards --card "$work/kept.db"
stop_cards
is "a card and its log that are copied together are that card" c.test "$(address "$work/kept.db")"

killed a d
mv "$work/a.db" "$work/gone.db"
"$softeuicc" create --card "$work/a.db" --pki "$work/pki" >"$work/out" 2>"$work/err"
is "a new card beside a log that waits for its own: refused" 1 $?
matches "and told" 'a.db-wal is the log of a card that had this name' "$(cat "$work/err")"
mv "$work/a.db-wal" "$work/gone.db-wal"
start_cards --card "$work/gone.db"
stop_cards
is "a card that was renamed with its log is whole" d.test "$(address "$work/gone.db")"
mv "$work/gone.db" "$work/a.db"
rm "$work/a.db-shm"

# --- a person looks -----------------------------------------------------------------------------------------------------
start_cards --card "$work/a.db"
is "a command is answered (e)" "$said" "$(set_address e)"
is "a person reads the tables of a running card" e.test "$(sqlite3 "$work/a.db" 'select default_smdp from card')"
check "and leaves its log alone" test -s "$work/a.db-wal"
sqlite3 "$work/a.db" 'pragma wal_checkpoint' >/dev/null
is "a command is answered after somebody folded the log" "$said" "$(set_address f)"
stop_cards KILL
start_cards --card "$work/a.db"
stop_cards
is "and is there after SIGKILL" f.test "$(address "$work/a.db")"

# --- one card, one process ----------------------------------------------------------------------------------------------
ln "$work/a.db" "$work/hard.db"
ln -s a.db "$work/soft.db"
start_cards --card "$work/a.db"
for name in a hard soft; do refused "$name.db of a running card" "is in use by process $run_pid" "$work/$name.db"; done
rm "$work/hard.db" "$work/soft.db"
stop_cards

# --- a file that goes ---------------------------------------------------------------------------------------------------
start_cards --card "$work/a.db"
is "a command is answered (g)" "$said" "$(set_address g)"
mv "$work/a.db" "$work/b.db"
ended "a card moved away" 'a.db was moved away while it was open: the card is now .*b.db$'
is "what was answered moved with it" g.test "$(address "$work/b.db")"
is "nothing is left behind" "b.db " "$(beside a)$(beside b)"

start_cards --card "$work/b.db"
mv "$work/b.db" "$work/a.db" && answered=$(set_address h)
isnt "a command for a card that has moved is not answered with success" "$said" "$answered"
ended "a card moved away before a command" 'b.db was moved away'
is "and has not come in" g.test "$(address "$work/a.db")"

cp "$work/a.db" "$work/kept.db"
start_cards --card "$work/a.db"
is "a command is answered (i)" "$said" "$(set_address i)"
rm "$work/a.db"
ended "a card deleted" 'a.db was deleted while it was open'
is "nothing is left of it" "" "$(beside a)"

cp "$work/kept.db" "$work/a.db"
start_cards --card "$work/a.db"
is "a command is answered (j)" "$said" "$(set_address j)"
cp -p "$work/other.db" "$work/new.db"
kill -STOP "$run_pid"
mv "$work/new.db" "$work/a.db"
refused "the card that took the place of a running one" 'a.db-wal is in use by process' "$work/a.db"
kill -CONT "$run_pid"
ended "a card replaced" 'a.db was deleted or replaced by another file'
check "what took its place is as it was" cmp "$work/a.db" "$work/other.db"
is "with nothing beside it" "a.db " "$(beside a)"

cp "$work/kept.db" "$work/a.db"
start_cards --card "$work/a.db"
is "a command is answered (k)" "$said" "$(set_address k)"
rm "$work/a.db-wal"
ended "a log deleted" 'a.db-wal was taken away'
is "what was answered is in the card" k.test "$(address "$work/a.db")"
is "and nothing beside it" "a.db " "$(beside a)"

# --- what is no card ----------------------------------------------------------------------------------------------------
echo text >"$work/text.db" && chmod 644 "$work/text.db"
refused "a text" 'text.db is not a card file' "$work/text.db"
is "its mode is left" 644 "$(stat -c %a "$work/text.db")"
sqlite3 "$work/foreign.db" 'pragma journal_mode=wal; create table t (x); insert into t values (1)' >/dev/null
(
    exec 9> >(exec sqlite3 "$work/foreign.db" >/dev/null)
    printf 'insert into t values (2);\n.system kill -KILL $PPID\n' >&9
    wait
)
chmod 644 "$work/foreign.db"
before=$(cd "$work" && cksum foreign.db*)
refused "another database" 'foreign.db is not a card file' "$work/foreign.db"
is "neither it nor its log is touched" "$before" "$(cd "$work" && cksum foreign.db*)"
is "nor its mode" 644 "$(stat -c %a "$work/foreign.db")"
mkfifo "$work/pipe.db"
refused "a pipe" 'pipe.db is not a file' "$work/pipe.db"
mkdir "$work/directory.db"
refused "a directory" 'directory.db is not a file' "$work/directory.db"
refused "a device" '/dev/null is not a file' /dev/null
refused "no file" 'cannot open .*none.db: No such file' "$work/none.db"
mkfifo "$work/a.db-wal"
refused "a pipe for a log" 'a.db-wal is not a file' "$work/a.db"
rm "$work/a.db-wal"
chmod 644 "$work/a.db"
start_cards --card "$work/a.db"
is "a card that others could read is closed to them" 600 "$(stat -c %a "$work/a.db")"
stop_cards
finish
