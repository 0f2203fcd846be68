#pragma once
#include <memory>
#include <string>
#include <vector>

#include "experiments/settings/settings.h"
#include "ops/device.h"

namespace palimpsest::experiments {

// The values of `--device`, and whether this build and this machine support them.
struct DeviceChoice {
  std::string name;  // cpu, cuda, cuda-emulated
  bool available;
  std::string reason;  // one clause: what is available, or what is missing
};
std::vector<DeviceChoice> known_devices();

// The device that a command runs on. `auto` takes the best one available and reports its choice and the reason on
// standard error, once per program run. A device requested by name is never replaced by another: throws Error when it
// is not available or unknown.
std::unique_ptr<Device> make_device(const MachineSettings& on);

// What decides the last bits of its results besides the options: the processor's name and the device's description.
std::string machine_of(const DeviceInfo& device);
std::string processor_name();  // as the system knows it; "unknown" if it does not

void announce_devices(bool announce);  // false: `auto` is silent (--quiet)

}  // namespace palimpsest::experiments
