# What the parts of the demo are told with: headings, shown command lines, waits.

bold='' dim='' green='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$(printf '\033[1m') dim=$(printf '\033[2m') green=$(printf '\033[32m') red=$(printf '\033[31m') plain=$(printf '\033[0m')
fi

fail() {
	echo "${red}error:${plain} $1" >&2
	exit 1
}

step=0
heading() {
	step=$((step + 1))
	printf '\n%s%s. %s%s\n' "$bold" "$step" "$1" "$plain"
}

# Shows a command line, and runs what it shows.
run() {
	printf '%s$ %s%s\n' "$dim" "$1" "$plain"
	eval "$1" || fail "that should have succeeded"
}

# Shows a command line that the cluster is to refuse with this word.
refused() {
	printf '%s$ %s%s\n' "$dim" "$1" "$plain"
	if eval "$1" >said 2>&1; then
		fail "that should have been refused"
	fi
	cat said
	grep -q -e "$2" said || fail "that should have said '$2'"
}

# Shows a command line that is to end with this exit code, and runs it.
ends_with() {
	printf '%s$ %s%s\n' "$dim" "$2" "$plain"
	code=0
	eval "$2" || code=$?
	[ "$code" = "$1" ] || fail "that should have ended with the exit code $1, and ended with $code"
}

good() {
	echo "${green}✔${plain} $1"
}

# Waits until a command succeeds; $took is how many seconds after $since that was.
await() {
	until eval "$3" >/dev/null 2>&1; do
		[ $(($(date +%s) - since)) -lt "$2" ] || fail "$1 is still there after $2 s"
		sleep 0.5
	done
	took=$(($(date +%s) - since))
}

