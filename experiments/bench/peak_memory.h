#pragma once

namespace palimpsest::experiments {

double peak_megabytes();  // of this process, on the host

}  // namespace palimpsest::experiments
