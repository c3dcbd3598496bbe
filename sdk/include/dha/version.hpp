// The version of the SDK, defined only here.
#pragma once

// Major: raised when an interface changes; a plugin loads only into a host with the same major number. Minor: raised
// when functions are appended to interfaces; a plugin loads only into a host with the same minor number or a higher
// one.
#define DHA_SDK_VERSION_MAJOR 2
#define DHA_SDK_VERSION_MINOR 2
#define DHA_SDK_VERSION_PATCH 0
