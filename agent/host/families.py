"""What sysfs says one number a file: memory errors, CPU clocks, power, storage and fabric hardware, as tables.

Sources: the kernel's Documentation/ABI (sysfs-devices-edac, sysfs-class-power, sysfs-class-infiniband, stable/sysfs-…).
"""

from __future__ import annotations

from agent.host.tree import Leaf, Tree

MICRO, KIBI, KILO = 1e-6, 1024.0, 1000.0

EDAC = (
    Tree(
        "edac",
        "devices/system/edac/mc/mc*",
        (
            Leaf("ce_count", "memory_corrected_errors_total"),
            Leaf("ue_count", "memory_uncorrected_errors_total"),
            Leaf("ce_noinfo_count", "memory_corrected_errors_unplaced_total"),
            Leaf("ue_noinfo_count", "memory_uncorrected_errors_unplaced_total"),
            Leaf("seconds_since_reset", "memory_errors_counted_seconds"),
        ),
        "no memory controller driver (EDAC) is loaded: memory errors are not counted",
    ),
    Tree(
        "edac",
        "devices/system/edac/mc/mc*/csrow*",
        (
            Leaf("ce_count", "memory_corrected_errors_total"),
            Leaf("ue_count", "memory_uncorrected_errors_total"),
        ),
        "",
    ),
    Tree(
        "edac",
        "devices/system/edac/mc/mc*/dimm*",
        (
            Leaf("dimm_ce_count", "memory_corrected_errors_total"),
            Leaf("dimm_ue_count", "memory_uncorrected_errors_total"),
        ),
        "",
    ),
)
CPU_FREQUENCY = (
    Tree(
        "cpu_frequency",
        "devices/system/cpu/cpu[0-9]*/cpufreq",
        (
            Leaf("scaling_cur_freq", "cpu_frequency_hertz", KILO),
            Leaf("scaling_min_freq", "cpu_frequency_minimum_hertz", KILO),
            Leaf("scaling_max_freq", "cpu_frequency_maximum_hertz", KILO),
            Leaf("cpuinfo_min_freq", "cpu_frequency_lowest_hertz", KILO),
            Leaf("cpuinfo_max_freq", "cpu_frequency_highest_hertz", KILO),
        ),
        "the CPUs' clocks are not managed here (a virtual machine, or no cpufreq driver)",
        lambda name: name.removeprefix("cpu"),
    ),
)
CPU_THROTTLE = (
    Tree(
        "cpu_throttle",
        "devices/system/cpu/cpu[0-9]*/thermal_throttle",
        (
            Leaf("core_throttle_count", "cpu_core_throttles_total"),
            Leaf("package_throttle_count", "cpu_package_throttles_total"),
        ),
        "the CPUs do not say when heat slows them",
        lambda name: name.removeprefix("cpu"),
    ),
)
POWER_SUPPLY = (
    Tree(
        "power_supply",
        "class/power_supply/*",
        (
            Leaf("online", "power_supply_online"),
            Leaf("present", "power_supply_present"),
            Leaf("capacity", "power_supply_charge_ratio", 0.01),
            Leaf("voltage_now", "power_supply_voltage_volts", MICRO),
            Leaf("current_now", "power_supply_current_amperes", MICRO),
            Leaf("power_now", "power_supply_power_watts", MICRO),
            Leaf("temp", "power_supply_temperature_celsius", 0.1),
            Leaf("cycle_count", "power_supply_cycles_total"),
        ),
        "no power supply tells the kernel about itself (servers' supplies speak to the BMC)",
    ),
)
RAPL = (
    Tree(
        "rapl",
        "class/powercap/intel-rapl:*",
        (Leaf("energy_uj", "cpu_energy_joules_total", MICRO),),
        "the CPU's energy counters (RAPL) are not offered",
    ),
)
NVME = (
    Tree(
        "nvme",
        "class/nvme/nvme*",
        (
            Leaf(
                "state", "nvme_live", words={"live": 1.0, "new": 0.0, "resetting": 0.0, "connecting": 0.0, "dead": 0.0}
            ),
        ),
        "no NVMe disk",
    ),
)
EXT4 = (
    Tree(
        "ext4",
        "fs/ext4/*",
        (
            Leaf("errors_count", "filesystem_errors_total"),
            Leaf("warning_count", "filesystem_warnings_total"),
            Leaf("lifetime_write_kbytes", "filesystem_lifetime_written_bytes_total", KIBI),
        ),
        "no ext4 file system is mounted",
    ),
)
BTRFS = (
    *(
        Tree(
            "btrfs",
            f"fs/btrfs/*-*/allocation/{kind}",
            (
                Leaf("total_bytes", f"btrfs_{kind}_size_bytes"),
                Leaf("bytes_used", f"btrfs_{kind}_used_bytes"),
                Leaf("disk_used", f"btrfs_{kind}_disk_used_bytes"),
            ),
            "no btrfs file system is mounted",
        )
        for kind in ("data", "metadata", "system")
    ),
    Tree("btrfs", "fs/btrfs/*-*/devices/*", (Leaf("size", "btrfs_device_size_bytes", 512.0),), ""),
)
BCACHE = (
    Tree(
        "bcache",
        "fs/bcache/*-*/stats_total",
        (
            Leaf("cache_hits", "bcache_hits_total"),
            Leaf("cache_misses", "bcache_misses_total"),
            Leaf("cache_bypass_hits", "bcache_bypass_hits_total"),
            Leaf("cache_bypass_misses", "bcache_bypass_misses_total"),
            Leaf("cache_miss_collisions", "bcache_miss_collisions_total"),
        ),
        "no bcache set is registered",
    ),
    Tree("bcache", "fs/bcache/*-*", (Leaf("cache_available_percent", "bcache_available_ratio", 0.01),), ""),
)
WORDS = 4.0  # port_*_data count 32-bit words
INFINIBAND = (
    Tree(
        "infiniband",
        "class/infiniband/*/ports/*",
        (
            Leaf(
                "state",
                "infiniband_port_active",
                words={
                    "4: ACTIVE": 1.0,
                    "1: DOWN": 0.0,
                    "2: INIT": 0.0,
                    "3: ARMED": 0.0,
                    "5: ACTIVE_DEFER": 0.0,
                },
            ),
            Leaf("counters/port_rcv_data", "infiniband_received_bytes_total", WORDS),
            Leaf("counters/port_xmit_data", "infiniband_sent_bytes_total", WORDS),
            Leaf("counters/port_rcv_packets", "infiniband_received_packets_total"),
            Leaf("counters/port_xmit_packets", "infiniband_sent_packets_total"),
            Leaf("counters/port_rcv_errors", "infiniband_receive_errors_total"),
            Leaf("counters/port_xmit_discards", "infiniband_send_discards_total"),
            Leaf("counters/port_xmit_wait", "infiniband_send_waits_total"),
            Leaf("counters/link_downed", "infiniband_link_downs_total"),
            Leaf("counters/link_error_recovery", "infiniband_link_recoveries_total"),
            Leaf("counters/symbol_error", "infiniband_symbol_errors_total"),
            Leaf("counters/local_link_integrity_errors", "infiniband_link_integrity_errors_total"),
            Leaf("counters/excessive_buffer_overrun_errors", "infiniband_buffer_overruns_total"),
        ),
        "no InfiniBand adapter",
        lambda name: name,
    ),
)
FIBRE_CHANNEL = (
    Tree(
        "fibre_channel",
        "class/fc_host/host*",
        (
            Leaf(
                "port_state",
                "fibre_channel_port_online",
                words={
                    "Online": 1.0,
                    "Offline": 0.0,
                    "Linkdown": 0.0,
                    "Blocked": 0.0,
                    "Bypassed": 0.0,
                    "Error": 0.0,
                },
            ),
            Leaf("statistics/rx_frames", "fibre_channel_received_frames_total", number_base=16),
            Leaf("statistics/tx_frames", "fibre_channel_sent_frames_total", number_base=16),
            Leaf("statistics/rx_words", "fibre_channel_received_bytes_total", WORDS, 16),
            Leaf("statistics/tx_words", "fibre_channel_sent_bytes_total", WORDS, 16),
            Leaf("statistics/error_frames", "fibre_channel_error_frames_total", number_base=16),
            Leaf("statistics/dumped_frames", "fibre_channel_dumped_frames_total", number_base=16),
            Leaf("statistics/invalid_crc_count", "fibre_channel_invalid_crcs_total", number_base=16),
            Leaf("statistics/invalid_tx_word_count", "fibre_channel_invalid_words_total", number_base=16),
            Leaf("statistics/link_failure_count", "fibre_channel_link_failures_total", number_base=16),
            Leaf("statistics/loss_of_signal_count", "fibre_channel_signal_losses_total", number_base=16),
            Leaf("statistics/loss_of_sync_count", "fibre_channel_sync_losses_total", number_base=16),
            Leaf("statistics/seconds_since_last_reset", "fibre_channel_counted_seconds", number_base=16),
        ),
        "no Fibre Channel adapter",
    ),
)
TAPE = (
    Tree(
        "tape",
        "class/scsi_tape/st[0-9]/stats",
        (
            Leaf("read_cnt", "tape_reads_total"),
            Leaf("write_cnt", "tape_writes_total"),
            Leaf("other_cnt", "tape_other_operations_total"),
            Leaf("read_byte_cnt", "tape_read_bytes_total"),
            Leaf("write_byte_cnt", "tape_written_bytes_total"),
            Leaf("read_ns", "tape_read_time_seconds_total", 1e-9),
            Leaf("write_ns", "tape_write_time_seconds_total", 1e-9),
            Leaf("io_ns", "tape_io_time_seconds_total", 1e-9),
            Leaf("resid_cnt", "tape_short_transfers_total"),
            Leaf("in_flight", "tape_io_in_progress_count"),
        ),
        "no tape drive",
    ),
)
FAMILIES = {
    trees[0].name: trees
    for trees in (
        *(EDAC, CPU_FREQUENCY, CPU_THROTTLE, POWER_SUPPLY, RAPL, NVME, EXT4, BTRFS, BCACHE, INFINIBAND),
        *(FIBRE_CHANNEL, TAPE),
    )
}
