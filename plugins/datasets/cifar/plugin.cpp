#include "dha/plugin.hpp"
#include "cifar/cifar_dataset.hpp"

DHA_PLUGIN("cifar", "1.0.0", "dha", "Apache-2.0", dha::component<dha::datasets::CifarDataset>("dha.cifar"))
