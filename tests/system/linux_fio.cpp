// SPDX-License-Identifier: BSD-2-Clause
#include "linux_fio.hpp"

namespace system_test {

namespace {

LinuxOptions on(LinuxOptions options, const std::filesystem::path& disk)
{
    options.system  = "examples/linux/linux";
    options.cmdline = "console=hvc0";
    options.disk    = disk;
    return options;
}

} // namespace

Fio::Fio(LinuxOptions options)
    : disk_(copy_of_disk("debian-test.img"))
    , guest_(on(std::move(options), disk_))
{
}

bool Fio::boots()
{
    return guest_.boots() &&
           guest_
               .run("for d in dev proc sys; do mount --bind /$d /debian/$d; done; "
                    "mkdir -p /debian/fio")
               .empty() &&
           guest_.exit_code() == 0;
}

std::string Fio::run(const std::string& job)
{
    return guest_.run("chroot /debian fio --name=job --directory=/fio --ioengine=libaio"
                      " --group_reporting --verify=crc32c --verify_fatal=1 --minimal " +
                      job + " > /run/fio.txt 2>&1 || cat /run/fio.txt; rm -f /debian/fio/*");
}

std::string Fio::end()
{
    guest_.type("umount /debian/dev /debian/proc /debian/sys; poweroff");
    std::string found = guest_.ends() ? "" : "the guest does not power off\n";
    for (const auto& line : system_test::complaints(guest_.log())) {
        found += line + "\n";
    }
    return found + fsck(disk_);
}

} // namespace system_test
