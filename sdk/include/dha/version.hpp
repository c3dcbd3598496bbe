// The version of the SDK, written here and nowhere else.
#pragma once

// Major: raised where an interface changes; a plugin loads only into a host with the same major number. Minor: raised
// where functions are appended to interfaces; a plugin loads only into a host with the same minor number or a higher
// one.
#define DHA_SDK_VERSION_MAJOR 2
#define DHA_SDK_VERSION_MINOR 0
#define DHA_SDK_VERSION_PATCH 0
