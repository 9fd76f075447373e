# The process with id 1 of every box: it takes a job on its input, runs it, and reports in frames on its output.
# In a box that is used again it is the first process of one submission's own world, made by the keeper (keep.pl).
#
# It runs as the candidate's user and trusts nothing it starts. As process 1 no signal from inside reaches it; it marks
# itself "not dumpable", so no other process of its user can trace it or open its memory or its pipes (prctl(2),
# PR_SET_DUMPABLE). Programs get pipes of their own, so what they print cannot look like a report. It knows no expected
# result. Before and after each program every other process is killed and reaped, and the writable folders emptied.
#
# A frame is one letter, four bytes of length (big endian), and that many bytes.
#   in:  F name NUL text   a file, or a new text for it      A words, NUL between    what to start
#        X name NUL text   the same, to be started           D folder bytes   keep what a program leaves there
#        L wall_ms cpu_ms output_bytes                      I bytes of its input    Z its input ends
#        G start (files stay for the next one)              K signal number, for the running program
#        T columns rows    start in a terminal              W columns rows    the terminal has a new size
#        E this submission is over
#   out: h facts           ready for a job                  o e r    bytes of output, errors, result (descriptor 3)
#        f mode name NUL text   a file that was kept         x facts  it ended: code signal why wall_us cpu_us peak oom
use strict;
use warnings;
use POSIX qw(:sys_wait_h :errno_h);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK O_NOFOLLOW O_NOCTTY O_RDONLY O_RDWR);

my %NR = (x86_64 => [157, 228, 98], aarch64 => [167, 113, 165]);    # prctl, clock_gettime, getrusage
my ($PRCTL, $CLOCK, $USAGE) = @{ $NR{ (POSIX::uname())[4] } or die "unknown machine\n" };
die "not process 1\n" unless $$ == 1;
die "cannot close itself to others: $!\n" if syscall($PRCTL, 4, 0, 0, 0, 0) != 0;

$^F = 2;                                                   # descriptors above 2 close on exec
umask 022;
$SIG{CHLD} = sub { };                                      # only to interrupt select
$SIG{PIPE} = 'IGNORE';
binmode STDIN;
binmode STDOUT;

my @WRITABLE = grep { -d $_ } qw(/box /tmp /dev/shm);
my ($control, @files, @argv, @limits) = ('');
my ($stdin, $stdin_ends) = ('', 0);
my ($kept, $kept_room) = ('', 0);
my ($peak_before, $peak_seen) = (0, 0);
my $TYPED_AHEAD = 65536;                                   # more than this, unread by a terminal's program, is lost

sub now { my $t = "\0" x 16; syscall($CLOCK, 1, $t); my ($s, $ns) = unpack 'qq', $t; $s + $ns / 1e9 }

sub slurp { open(my $f, '<', $_[0]) or return ''; local $/; my $text = <$f>; defined $text ? $text : '' }

sub cpu_us {
    return $1 if slurp('/sys/fs/cgroup/cpu.stat') =~ /^usage_usec (\d+)/m;
    for ('cpuacct', 'cpu,cpuacct') { return $1 / 1000 if slurp("/sys/fs/cgroup/$_/cpuacct.usage") =~ /^(\d+)/ }
    my (undef, undef, $user, $system) = times;             # no control group in sight: only what was reaped
    ($user + $system) * 1e6;
}

sub peak {
    for (qw(memory.peak memory/memory.max_usage_in_bytes memory.current)) {
        return $1 if slurp("/sys/fs/cgroup/$_") =~ /^(\d+)/;
    }
    0;
}

sub memory_now {
    for (qw(memory.current memory/memory.usage_in_bytes)) { return $1 if slurp("/sys/fs/cgroup/$_") =~ /^(\d+)/ }
    0;
}

# The most memory of this submission: the kernel's own mark when it was reached by it, else the most that was seen and the
# largest of its processes (getrusage(2)), for the mark may be that of a submission before.
sub peak_here {
    my $mark = peak();
    return $mark if $mark > $peak_before;
    my $usage = "\0" x 144;
    syscall($USAGE, -1, $usage);
    my $largest = 1024 * unpack 'x32 q', $usage;
    $largest > $peak_seen ? $largest : $peak_seen;
}

sub oom_kills {
    for (qw(memory.events memory/memory.oom_control)) { return $1 if slurp("/sys/fs/cgroup/$_") =~ /^oom_kill (\d+)/m }
    0;
}

sub emit {
    my $frame = pack('aN', $_[0], length $_[1]) . $_[1];
    while (length $frame) {
        my $n = syswrite STDOUT, $frame;
        if (defined $n) { substr($frame, 0, $n) = '' }
        elsif ($! != EINTR) { exit 1 }
    }
}

# Reads what is there (waits for the first byte); false at the end of the input.
sub fill_control {
    while (1) {
        my $n = sysread STDIN, $control, 65536, length $control;
        return $n if defined $n;
        return 0 if $! != EINTR;
    }
}

sub next_frame {
    return if length $control < 5;
    my ($type, $length) = unpack 'aN', $control;
    return if length $control < 5 + $length;
    my $body = substr $control, 5, $length;
    substr($control, 0, 5 + $length) = '';
    ($type, $body);
}

sub empty_here {
    opendir(my $dir, '.') or die "cannot read a folder: $!\n";
    my @names = grep { $_ ne '.' && $_ ne '..' } readdir $dir;
    closedir $dir;
    for my $name (@names) {
        if (!-l $name && -d _) {
            chmod 0700, $name;
            chdir $name or die "cannot enter a folder: $!\n";
            no warnings 'recursion';
            empty_here();
            chdir '..' or die "cannot leave a folder: $!\n";
            rmdir $name or die "cannot remove a folder: $!\n";
        }
        else { unlink $name or die "cannot remove a file: $!\n" }
    }
}

sub lay_out {
    for my $folder (@WRITABLE) { chmod 0700, $folder; chdir $folder or die "cannot enter $folder: $!\n"; empty_here() }
    chdir '/box' or die;
    for my $file (@files) {
        my ($name, $text, $mode) = @$file;
        my $folder = '';
        while ($name =~ m{([^/]+)/}g) { $folder .= "$1/"; mkdir $folder, 0755 }
        open(my $out, '>', $name) or die "cannot write a file: $!\n";
        binmode $out;
        print $out $text or die "cannot write a file: $!\n";
        close $out or die "cannot write a file: $!\n";
        chmod $mode, $name;
    }
    my ($folder, $path) = ('', "$kept/");
    while ($path =~ m{([^/]+)/}g) { $folder .= "$1/"; mkdir $folder, 0755 }
}

# Sends the plain files below the folder to keep; false when they are more than was allowed. Nothing else runs then, so
# that what is looked at does not change; links, pipes and the like are left out, for they are no results.
sub keep {
    my ($path) = @_;
    opendir(my $dir, $path) or return 1;
    my @names = sort grep { $_ ne '.' && $_ ne '..' } readdir $dir;
    closedir $dir;
    for my $name (@names) {
        my $there = "$path/$name";
        if (-l $there) { next }
        if (-d _) { keep($there) or return 0; next }
        -f _ or next;
        my $mode = (stat _)[2] & 0100 ? 'x' : '-';
        sysopen(my $file, $there, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) or next;
        binmode $file;
        my $text = do { local $/; <$file> };
        $text = '' unless defined $text;
        $kept_room -= length($there) + length($text);
        return 0 if $kept_room < 0;
        emit('f', "$mode$there\0$text");
    }
    1;
}

# A pair of ends of a new terminal: ours and the program's. ioctl_tty(2); numbers as on x86_64 and aarch64.
sub new_terminal {
    my ($columns, $rows) = @_;
    sysopen(my $ours, '/dev/ptmx', O_RDWR | O_NOCTTY) or die "no terminal: $!\n";
    my ($open, $number) = (pack('i', 0), pack('i', 0));
    ioctl($ours, 0x40045431, $open)   or die "no terminal: $!\n";    # TIOCSPTLCK
    ioctl($ours, 0x80045430, $number) or die "no terminal: $!\n";    # TIOCGPTN
    sysopen(my $its, '/dev/pts/' . unpack('i', $number), O_RDWR | O_NOCTTY) or die "no terminal: $!\n";
    # A letter is erased whole, not its last byte: IUTF8, which POSIX.pm has no name for.
    my $settings = POSIX::Termios->new;
    if (defined $settings->getattr(fileno $its)) {
        $settings->setiflag($settings->getiflag | 0x4000);
        $settings->setattr(fileno $its, POSIX::TCSANOW());
    }
    resize($ours, $columns, $rows);
    ($ours, $its);
}

sub resize {
    my ($terminal, $columns, $rows) = @_;
    my $size = pack 'S4', $rows, $columns, 0, 0;
    ioctl($terminal, 0x5414, $size);                       # TIOCSWINSZ
}

# A terminal's signal goes to the group of processes in the foreground, any other to the program's own.
sub signal_program {
    my ($signal, $pid, $terminal) = @_;
    my $group = pack 'i', 0;
    if ($terminal && ioctl($terminal, 0x540F, $group)) {   # TIOCGPGRP
        $group = unpack 'i', $group;
        $pid = $group if $group > 1;
    }
    kill $signal, -$pid;
}

sub kill_all {
    kill 'KILL', -1;
    while (1) {
        my $pid = waitpid -1, 0;
        next if $pid < 0 && $! == EINTR;
        last if $pid < 0;
        kill 'KILL', -1;
    }
}

sub nonblocking { fcntl($_[0], F_SETFL, fcntl($_[0], F_GETFL, 0) | O_NONBLOCK) }

sub run {
    my @size = @_;                                         # of the terminal, if there is to be one
    my ($wall_ms, $cpu_ms, $room) = @limits;
    lay_out();
    pipe(my $in_r, my $in_w) or die;
    pipe(my $out_r, my $out_w) or die;
    pipe(my $err_r, my $err_w) or die;
    pipe(my $res_r, my $res_w) or die;
    pipe(my $exec_r, my $exec_w) or die;
    my ($terminal, $its_end) = @size ? new_terminal(@size) : ();
    my ($cpu0, $oom0, $start) = (cpu_us(), oom_kills(), now());
    my $pid = fork;
    die "cannot fork: $!\n" unless defined $pid;
    if (!$pid) {
        POSIX::setsid();
        $SIG{$_} = 'DEFAULT' for qw(PIPE CHLD);
        if (open my $adj, '>', '/proc/self/oom_score_adj') { syswrite $adj, '1000' }
        my $failed = POSIX::dup(fileno $exec_w);           # move clear of 0..3 before those are replaced
        $failed = POSIX::dup($failed) while $failed < 10;
        my $flag = $failed;
        if ($its_end) { my $none = 0; ioctl($its_end, 0x540E, $none) }    # TIOCSCTTY
        my @ends = map { fileno $_ } $its_end ? ($its_end) x 3 : ($in_r, $out_w, $err_w);
        POSIX::dup2($ends[$_], $_) for 0 .. 2;             # ours start above 2, as 0..2 are open since the start
        my $spare = POSIX::dup(fileno $res_w);
        POSIX::dup2($spare, 3);
        POSIX::close($_) for grep { $_ != $flag } 4 .. 63;
        open(my $tell, '>&=', $flag);
        fcntl($tell, 2, 1);                                # F_SETFD, FD_CLOEXEC
        no warnings 'exec';
        exec { $argv[0] } @argv or syswrite $tell, "$!";
        POSIX::_exit(127);
    }
    close $_ for $in_r, $out_w, $err_w, $res_w, $exec_w;
    if ($terminal) {
        close $_ for $its_end, $in_w, $out_r, $err_r;
        open($in_w,  '>&', $terminal) or die "no terminal: $!\n";
        open($out_r, '<&', $terminal) or die "no terminal: $!\n";
    }
    nonblocking($_) for $in_w, $out_r, $res_r;
    nonblocking($err_r) unless $terminal;
    my %open = (o => $out_r, $terminal ? () : (e => $err_r), r => $res_r);
    my $not_started = '';
    sysread $exec_r, $not_started, 200;
    close $exec_r;
    my $why = length $not_started ? 'exec' : '';
    my ($status, $deadline, $result_room) = (undef, $start + $wall_ms / 1000, 1 << 20);
    my $check_cpu = $start + $cpu_ms / 2000;
    my $killed = 0;
    my $look_at = $start;
    my $listen_at = 0;                                     # many small writes gather in the pipe meanwhile

    while (1) {
        my $time = now();
        if (!$killed && !$why) {
            $why = 'wall' if $time >= $deadline;
            if (!$why && $time >= $check_cpu) {
                my $left = $cpu_ms / 1000 - (cpu_us() - $cpu0) / 1e6;
                $left <= 0 ? ($why = 'cpu') : ($check_cpu = $time + ($left < 0.1 ? 0.05 : $left / 2));
            }
        }
        if (!defined $status) {
            while ((my $gone = waitpid -1, WNOHANG) > 0) { $status = $? if $gone == $pid }
        }
        if (!$killed && ($time >= $look_at || $why || defined $status)) {
            my $memory = memory_now();
            $peak_seen = $memory if $memory > $peak_seen;
            $look_at = $time + 0.02;
        }
        if (!$killed && ($why || defined $status)) {
            if (!defined $status) { kill 'KILL', $pid; waitpid $pid, 0; $status = $? }
            $why ||= 'exit';
            kill_all();
            $killed = 1;
            close $in_w if $in_w;
            undef $in_w;
        }
        last if $killed && (!%open || $why eq 'output');

        # Before waiting for more: what was typed at once may have come in one piece with the order to start.
        while (!$killed && (my ($type, $body) = next_frame())) {
            if    ($type eq 'I') { $stdin .= $body if !$terminal || length($stdin) < $TYPED_AHEAD }
            elsif ($type eq 'Z') { $stdin_ends = 1 }
            elsif ($type eq 'K') { signal_program($body, $pid, $terminal) }
            elsif ($type eq 'W') { resize($terminal, split / /, $body) if $terminal }
        }

        my ($readers, $writers) = ('', '');
        my $listening = $killed || $time >= $listen_at;
        if ($listening) { vec($readers, fileno $_, 1) = 1 for values %open }
        vec($readers, 0, 1) = 1 unless $killed;
        if ($in_w && !length $stdin && $stdin_ends) { close $in_w; undef $in_w }
        vec($writers, fileno $in_w, 1) = 1 if $in_w && length $stdin;
        my $wait = $deadline - $time;
        my $most = $terminal ? 0.2 : 0.02;                 # a terminal may stand idle for long
        $wait = $most if $wait > $most;
        $wait = $listen_at - $time if !$listening && $wait > $listen_at - $time;
        $wait = 0 if $wait < 0;
        next if select($readers, $writers, undef, $killed ? 1 : $wait) < 1;

        if ($in_w && vec($writers, fileno $in_w, 1)) {
            my $n = syswrite $in_w, $stdin, 65536;
            if (defined $n) { substr($stdin, 0, $n) = '' }
            elsif ($! != EAGAIN && $! != EINTR) { close $in_w; undef $in_w }
        }
        for my $type (qw(o e r)) {
            my $pipe = $open{$type} or next;
            vec($readers, fileno $pipe, 1) or next;
            my $n = sysread $pipe, my $bytes, 65536;
            if (!defined $n) { next if $! == EAGAIN || $! == EINTR; delete $open{$type}; next }
            if (!$n) { delete $open{$type}; next }
            my $left = $type eq 'r' ? \$result_room : \$room;
            if ($n > $$left) { $why = 'output' if !$why || $why eq 'exit'; $bytes = substr $bytes, 0, $$left }
            $$left -= length $bytes;
            emit($type, $bytes) if length $bytes;
            $listen_at = now() + 0.002 if $n < 32768;
        }
        if (!$killed && vec($readers, 0, 1)) { fill_control() or exit 0 }
    }
    if (length $kept && $why eq 'exit' && !$status) {
        chdir '/box' or die;
        keep($kept) or $why = 'output';
    }
    emit('x', sprintf 'code=%d signal=%d why=%s wall_us=%d cpu_us=%d peak=%d oom=%d',
        $status >> 8, $status & 127, $why, (now() - $start) * 1e6, cpu_us() - $cpu0, peak_here(), oom_kills() - $oom0);
}

$peak_before = peak();
emit('h', 'protocol=1');
while (1) {
    my ($type, $body) = next_frame();
    if    (!defined $type) { fill_control() or exit 0 }
    elsif ($type eq 'E')   { POSIX::_exit(0) }
    elsif ($type eq 'F' || $type eq 'X') {
        my ($name, $text) = split /\0/, $body, 2;
        @files = ((grep { $_->[0] ne $name } @files), [$name, $text, $type eq 'X' ? 0755 : 0644]);
    }
    elsif ($type eq 'D')   { ($kept, $kept_room) = split / /, $body }
    elsif ($type eq 'A')   { @argv = split /\0/, $body, -1 }
    elsif ($type eq 'L')   { @limits = split / /, $body }
    elsif ($type eq 'I')   { $stdin .= $body }
    elsif ($type eq 'Z')   { $stdin_ends = 1 }
    elsif ($type eq 'G')   { run(); ($stdin, $stdin_ends) = ('', 0) }
    elsif ($type eq 'T')   { run(split / /, $body); ($stdin, $stdin_ends) = ('', 0) }
}
