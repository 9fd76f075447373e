# The process with id 1 of a box that serves several submissions of one interview: it keeps the box between them.
#
# For each submission it starts a process in namespaces of its own (user, mounts, processes, IPC, network, names), which lays
# out new work folders, a new /proc and new terminals, gives up every right it had in there, closes the system calls that
# could get them back (seccomp(2), a second filter), and only then goes on as the supervisor below, the first process of
# its world. When that ends, the kernel ends all that it started, and its folders, sockets and shared memory with it.
#
# The keeper reads no byte of a submission and holds none. It speaks on descriptor 2, which no supervisor has:
#   over    the submission is gone. Then it throws away what it is sent, up to “room-next ” and 16 bytes, and repeats
#           those bytes on its output, so that whoever listens knows where the words of a supervisor end for certain.
# Arguments: megabytes and files of a work folder, 1 if programs may start from there, megabytes of shared memory, then
# machine and filter, as often as there are machines.
use strict;
use warnings;
use POSIX qw(:errno_h);

{
    my ($scratch_mb, $inodes, $may_exec, $shm_mb, %filter) = @ARGV;
    my $machine = (POSIX::uname())[4];
    my %numbers = (x86_64 => [56, 165, 157, 126], aarch64 => [220, 40, 167, 91]);
    my ($CLONE, $MOUNT, $PRCTL, $CAPSET) = @{ $numbers{$machine} or die "unknown machine\n" };
    my ($RDONLY, $NOSUID, $NODEV, $NOEXEC, $REMOUNT, $BIND, $REC, $PRIVATE) = (1, 2, 4, 8, 32, 4096, 16384, 1 << 18);
    my $NEW = 0x10000000 | 0x00020000 | 0x20000000 | 0x08000000 | 0x40000000 | 0x04000000;    # user mnt pid ipc net uts
    my $SIGCHLD = 17;

    my ($user, $group) = (POSIX::getuid(), POSIX::getgid());    # inside, before they are mapped, they read as nobody

    my $fail = sub { syswrite STDERR, "no namespaces: $_[0]: $!\n"; POSIX::_exit(3) };
    my $mount = sub {
        my ($what, $where, $kind, $flags, $data) = @_;
        $data = 0 unless defined $data;
        syscall($MOUNT, $what, $where, $kind, $flags, $data) == 0 or $fail->("mount $where");
    };
    my $dumpable = sub { syscall($PRCTL, 4, $_[0], 0, 0, 0) == 0 or $fail->('prctl') };

    my $furnish = sub {
        $dumpable->(1);                                    # else the files that map users are not ours
        for (['setgroups', 'deny'], ['uid_map', "$user $user 1"], ['gid_map', "$group $group 1"]) {
            my ($file, $line) = @$_;
            open(my $out, '>', "/proc/self/$file") or $fail->($file);
            defined syswrite $out, $line or $fail->($file);
        }
        $dumpable->(0);
        $mount->('none', '/', 'none', $REC | $PRIVATE);
        my $kept_small = "size=${scratch_mb}m,nr_inodes=$inodes,mode=0700";
        $mount->('tmpfs', $_, 'tmpfs', $NOSUID | $NODEV | ($may_exec ? 0 : $NOEXEC), $kept_small) for '/box', '/tmp';
        $mount->('shm', '/dev/shm', 'tmpfs', $NOSUID | $NODEV | $NOEXEC, "size=${shm_mb}m,mode=1777");
        $mount->('mqueue', '/dev/mqueue', 'mqueue', $NOSUID | $NODEV | $NOEXEC);
        $mount->('devpts', '/dev/pts', 'devpts', $NOSUID | $NOEXEC, 'newinstance,ptmxmode=0666,mode=0620');
        $mount->('proc', '/proc', 'proc', $NOSUID | $NODEV | $NOEXEC);
        # What the engine hides or protects of its own /proc, here too.
        for my $path (map { "/proc/$_" } qw(acpi asound interrupts kcore keys latency_stats sched_debug scsi timer_list)) {
            if    (-d $path) { $mount->('tmpfs', $path, 'tmpfs', $RDONLY, 'size=0') }
            elsif (-e _)     { $mount->('/dev/null', $path, 'none', $BIND) }
        }
        for my $path (map { "/proc/$_" } qw(bus fs irq sys sysrq-trigger)) {
            next unless -e $path;
            $mount->($path, $path, 'none', $BIND | $REC);
            $mount->('none', $path, 'none', $BIND | $REMOUNT | $RDONLY | $NOSUID | $NODEV | $NOEXEC);
        }
        socket(my $any, 2, 2, 0) or $fail->('socket');
        my $up = pack 'a16 s x22', 'lo', 0x1 | 0x40;
        ioctl($any, 0x8914, $up) or $fail->('loopback');   # SIOCSIFFLAGS
        close $any;
        for my $right (0 .. 63) { last if syscall($PRCTL, 24, $right, 0, 0, 0) != 0 }    # PR_CAPBSET_DROP
        my ($version, $none) = (pack('LL', 0x20080522, 0), "\0" x 24);
        syscall($CAPSET, $version, $none) == 0 or $fail->('capset');
        my $code = pack 'H*', $filter{$machine};
        my $program = pack 'S x6 P', length($code) / 8, $code;
        syscall($PRCTL, 22, 2, $program, 0, 0) == 0 or $fail->('seccomp');
        open STDERR, '>', '/dev/null' or POSIX::_exit(3);
    };

    $dumpable->(0);
    while (1) {
        my $pid = syscall $CLONE, $NEW | $SIGCHLD, 0, 0, 0, 0;
        $fail->('clone') if $pid < 0;
        if (!$pid) { $furnish->(); last }
        while (waitpid($pid, 0) < 0) { $! == EINTR or die "lost a supervisor\n" }
        POSIX::_exit(3) if $?;                             # it ended in a strange way: nothing here is used again
        syswrite STDERR, 'over';
        my ($heard, $word) = ('');
        until (defined $word) {
            $heard = substr $heard, -64 if length $heard > 64;
            sysread STDIN, $heard, 65536, length $heard or POSIX::_exit(0);
            ($word) = $heard =~ /room-next (.{16})\z/s;
        }
        syswrite STDOUT, $word;
    }
    @ARGV = ();
}

