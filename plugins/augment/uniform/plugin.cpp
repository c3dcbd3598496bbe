#include "dha/plugin.hpp"

#include "rand_augment.hpp"
#include "trivial_augment.hpp"

DHA_PLUGIN("uniform_policies", "1.0.0", "dha", "Apache-2.0",
           dha::component<dha::uniform::TrivialAugment>("dha.trivial_augment"),
           dha::component<dha::uniform::RandAugment>("dha.rand_augment"))
